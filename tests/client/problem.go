package client

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// Problem is an answer other than 2xx, as an error: a problem document of the API (RFC 9457), the gateway's own
// message, or an error of S3.
type Problem struct {
	Status    int    // of HTTP
	Code      string // stable, for programs; may be empty
	Detail    string // a sentence for people
	RequestID string // id to report; may be empty
}

func (p *Problem) Error() string {
	text := fmt.Sprintf("refused with %d", p.Status)
	if p.Code != "" {
		text += " " + p.Code
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return text
}

// parseProblem reads the three forms; the fields of JSON and XML match whatever their case.
func parseProblem(res *http.Response, text []byte) *Problem {
	p := &Problem{Status: res.StatusCode, RequestID: res.Header.Get("X-Amzn-Requestid")}
	var doc struct {
		Code, Detail, Title, Message string
		RequestID                    string `json:"request_id"`
	}
	if json.Unmarshal(text, &doc) == nil {
		p.Code, p.Detail = doc.Code, firstNonBlank(doc.Detail, doc.Title, doc.Message)
		p.RequestID = firstNonBlank(doc.RequestID, p.RequestID)
	} else if xml.Unmarshal(text, &doc) == nil {
		p.Code, p.Detail = doc.Code, doc.Message
	}
	p.Detail = firstNonBlank(p.Detail, strings.ToLower(http.StatusText(p.Status)))
	return p
}

// firstNonBlank is cmp.Or, with white space as good as nothing.
func firstNonBlank(texts ...string) string {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return ""
}
