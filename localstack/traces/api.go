package traces

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// X-Ray's limits. The page size is smaller than X-Ray's, so that tests need several pages.
const (
	maxWindow = 6 * time.Hour
	maxBatch  = 5
	pageSize  = 20
)

// handleCall makes an HTTP handler of a call (https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html).
func handleCall[In any](call func(In) (any, error)) http.HandlerFunc {
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
		_ = json.NewEncoder(w).Encode(out) // an error means that the client is gone
	}
}

// summariesInput is the input of GetTraceSummaries.
type summariesInput struct {
	StartTime, EndTime                         float64 // seconds since 1970
	FilterExpression, NextToken, TimeRangeType string
}

var filterPattern = regexp.MustCompile(`^annotation\.(\w+) = "([^"\\]*)"$`)

// parseFilter returns the annotations, key and value, of which a filter wants one; nil if the filter is not known here.
func parseFilter(expression string) (all [][2]string) {
	for _, one := range strings.Split(expression, " OR ") {
		words := filterPattern.FindStringSubmatch(one)
		if words == nil {
			return nil
		}
		all = append(all, [2]string{words[1], words[2]})
	}
	return all
}

// timeRangeTypes has the time of a trace that each TimeRangeType compares.
var timeRangeTypes = map[string]func(*trace) time.Time{
	"TraceId": func(t *trace) time.Time { return t.start },
	"Event":   func(t *trace) time.Time { return t.updated },
}

func (s *store) getTraceSummaries(in summariesInput) (any, error) {
	from, to := unixTime(in.StartTime), unixTime(in.EndTime)
	notes, at := parseFilter(in.FilterExpression), timeRangeTypes[cmp.Or(in.TimeRangeType, "TraceId")]
	switch {
	case notes == nil:
		return nil, errors.New("the filter is not annotation.key = \"value\" OR …")
	case to.Before(from) || to.Sub(from) > maxWindow:
		return nil, errors.New("the window is longer than six hours, or ends before it begins")
	case at == nil:
		return nil, errors.New("only windows of the beginnings and the updates of traces are known")
	}
	ids, first := s.findTraces(from, to, at, notes), 0
	if in.NextToken != "" {
		n, err := strconv.Atoi(in.NextToken)
		if err != nil || n < 0 || n > len(ids) {
			return nil, errors.New("the token is none")
		}
		first = n
	}
	page := ids[first:min(first+pageSize, len(ids))]
	type summary struct{ Id string }
	out := struct {
		TraceSummaries []summary
		NextToken      string `json:",omitempty"`
	}{TraceSummaries: []summary{}}
	if next := first + len(page); next < len(ids) {
		out.NextToken = strconv.Itoa(next)
	}
	for _, id := range page {
		out.TraceSummaries = append(out.TraceSummaries, summary{id})
	}
	return out, nil
}

func unixTime(seconds float64) time.Time { return time.UnixMilli(int64(math.Round(seconds * 1e3))) }

func (s *store) batchGetTraces(in struct{ TraceIds []string }) (any, error) {
	if len(in.TraceIds) == 0 || len(in.TraceIds) > maxBatch {
		return nil, fmt.Errorf("%d traces were asked for, not 1 to %d", len(in.TraceIds), maxBatch)
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
		if documents, ok := s.getDocuments(id); ok {
			out.Traces = append(out.Traces, whole{id, documents})
		} else {
			out.UnprocessedTraceIds = append(out.UnprocessedTraceIds, id)
		}
	}
	return out, nil
}
