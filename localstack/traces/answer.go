package traces

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of X-Ray's, but for the page, which is small so that clients must turn it.
const (
	widest = 6 * time.Hour
	batch  = 5
	page   = 20
)

// refused is what X-Ray calls InvalidRequestException.
type refused struct{ why string }

func (r refused) Error() string { return r.why }

// handler answers X-Ray's API as far as it is known here.
func (s *store) handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /TraceSummaries", answer(s.summaries))
	m.HandleFunc("POST /Traces", answer(s.batch))
	return m
}

// answer makes a handler of a call (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html).
func answer[In any](call func(In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in)
		var out any
		if err == nil {
			out, err = call(in)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.Header().Set("X-Amzn-ErrorType", "InvalidRequestException")
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]string{"Message": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(out) // the client is gone
	}
}

// window is the input of GetTraceSummaries.
type window struct {
	StartTime, EndTime                         float64 // seconds since 1970
	FilterExpression, NextToken, TimeRangeType string
}

var filter = regexp.MustCompile(`^annotation\.(\w+) = "([^"\\]*)"$`)

// annotations returns those of which a filter wants one, key and value each; nil if it wants anything else.
func annotations(expression string) (all [][2]string) {
	for _, one := range strings.Split(expression, " OR ") {
		words := filter.FindStringSubmatch(one)
		if words == nil {
			return nil
		}
		all = append(all, [2]string{words[1], words[2]})
	}
	return all
}

// ranges says by which of its times a trace is in a window.
var ranges = map[string]func(*trace) time.Time{
	"TraceId": func(t *trace) time.Time { return t.began },
	"Event":   func(t *trace) time.Time { return t.updated },
}

func (s *store) summaries(in window) (any, error) {
	from, to := instant(in.StartTime), instant(in.EndTime)
	notes, at := annotations(in.FilterExpression), ranges[cmp.Or(in.TimeRangeType, "TraceId")]
	switch {
	case notes == nil:
		return nil, refused{"the filter is not annotation.key = \"value\" OR …"}
	case to.Before(from) || to.Sub(from) > widest:
		return nil, refused{"the window is longer than six hours, or ends before it begins"}
	case at == nil:
		return nil, refused{"only windows of the beginnings and the updates of traces are known"}
	}
	ids, next, err := turn(s.find(from, to, at, notes), in.NextToken)
	if err != nil {
		return nil, err
	}
	type summary struct{ Id string }
	out := struct {
		TraceSummaries []summary
		NextToken      string `json:",omitempty"`
	}{[]summary{}, next}
	for _, id := range ids {
		out.TraceSummaries = append(out.TraceSummaries, summary{id})
	}
	return out, nil
}

// turn returns a page of ids and the token of the one after it.
func turn(ids []string, token string) ([]string, string, error) {
	from := 0
	if token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > len(ids) {
			return nil, "", refused{"the token is none"}
		}
		from = n
	}
	to := min(from+page, len(ids))
	if to == len(ids) {
		return ids[from:], "", nil
	}
	return ids[from:to], strconv.Itoa(to), nil
}

func instant(seconds float64) time.Time { return time.UnixMilli(int64(math.Round(seconds * 1e3))) }

func (s *store) batch(in struct{ TraceIds []string }) (any, error) {
	if len(in.TraceIds) == 0 || len(in.TraceIds) > batch {
		return nil, refused{fmt.Sprintf("%d traces were asked for, not 1 to %d", len(in.TraceIds), batch)}
	}
	type whole struct {
		Id       string
		Segments []segment
	}
	out := struct {
		Traces              []whole
		UnprocessedTraceIds []string
	}{[]whole{}, []string{}}
	for _, id := range in.TraceIds {
		if documents, ok := s.get(id); ok {
			out.Traces = append(out.Traces, whole{id, documents})
		} else {
			out.UnprocessedTraceIds = append(out.UnprocessedTraceIds, id)
		}
	}
	return out, nil
}
