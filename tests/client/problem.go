package client

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// Problem is a response with another status than 2xx, as an error: a problem document of the API (RFC 9457), a message
// of API Gateway, or an error document of S3.
type Problem struct {
	Status    int    // HTTP status
	Code      string // stable, for programs; can be empty
	Detail    string // a sentence for readers
	RequestID string // for reports; can be empty
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

// parseProblem reads any of the three forms. The decoders of JSON and XML ignore the case of field names.
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

// firstNonBlank returns the first text that is more than white space, trimmed.
func firstNonBlank(texts ...string) string {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}
	return ""
}
