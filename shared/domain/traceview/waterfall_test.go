package traceview

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readSecond is the current time in these tests, in Unix seconds: the spans are in the minute before.
const readSecond = 1_000_060

// buildFrom reads documents of vid_1 at that time.
func buildFrom(documents ...string) Waterfall {
	return BuildWaterfall("vid_1", documents, testFunctions, time.Unix(readSecond, 0))
}

// spanDocument returns the document of a span of encode. more is added to its JSON.
func spanDocument(id string, start, end float64, more string) string {
	return fmt.Sprintf(
		`{"trace_id":"t","id":%q,"name":"encode","start_time":%f,"end_time":%f,"annotations":{"service":"encode","video_id":"vid_1"}%s}`,
		id, start, end, more,
	)
}

func messageMetadata(id string, attempt int, wait float64) string {
	return fmt.Sprintf(
		`,"metadata":{"default":{"queue":"sluice-encode","message":%q,"attempt":%d,"wait_ms":%f}}`, id, attempt, wait,
	)
}

func TestSpanStatus(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		more string
		want Status
	}{
		{``, StatusOK},
		{`,"fault":true`, StatusFault},
		{`,"fault":true,"error":true`, StatusFault},
		{`,"error":true`, StatusError},
		{`,"error":true,"throttle":true`, StatusThrottle},
		{`,"in_progress":true`, StatusRunning},
	} {
		got := buildFrom(spanDocument("a", 1_000_000, 1_000_001, row.more)).Spans
		if len(got) != 1 || got[0].Status != row.want {
			t.Errorf("%s: %+v, want %s", row.more, got, row.want)
		}
	}
}

// A running span lasts until now. One that has run for longer than the timeout of its function was stopped.
func TestRunningSpanEndsAtTimeout(t *testing.T) {
	t.Parallel()
	began := `{"trace_id":"t","id":"a","name":"encode","start_time":%d,"in_progress":true,"annotations":{"service":"encode","video_id":"vid_1","code":"x"}}`
	for _, row := range []struct {
		start int
		ms    float64
		want  Status
	}{
		{readSecond - 10, 10_000, StatusRunning}, {readSecond - 180, 180_000, StatusRunning},
		{readSecond - 181, 180_000, StatusFault}, {readSecond + 1, 0, StatusRunning},
	} {
		w := buildFrom(fmt.Sprintf(began, row.start))
		if s := w.Spans[0]; s.Duration != row.ms || s.Status != row.want || s.Code != "x" ||
			w.HasRunning() != (row.want == StatusRunning) {
			t.Errorf("since %d: %+v, want %g ms and %s", row.start, s, row.ms, row.want)
		}
	}
}

// A span that was not sent is built from its steps, which have its annotations and metadata.
func TestMissingSpanIsBuiltFromSteps(t *testing.T) {
	t.Parallel()
	step := `{"trace_id":"t","id":%q,"parent_id":"span","type":"subsegment","name":%q,"start_time":%d,%s,"annotations":{"service":"encode","video_id":"vid_1"},
		"metadata":{"default":{"queue":"sluice-encode","message":"m","attempt":2,"wait_ms":500}}}`
	w := buildFrom(
		fmt.Sprintf(step, "b", "ffmpeg", readSecond-5, `"in_progress":true`),
		fmt.Sprintf(step, "a", "remux", readSecond-9, fmt.Sprintf(`"end_time":%d`, readSecond-6)),
	)
	if len(w.Spans) != 1 {
		t.Fatalf("spans %+v", w.Spans)
	}
	want := Span{
		Service: "encode", Start: 500, Duration: 9000, Wait: 500, Queue: "sluice-encode", Attempt: 2,
		Status: StatusRunning, TraceID: "t",
		Steps: []Step{{"remux", 500, 3000, StatusOK, []Step{}}, {"ffmpeg", 4500, 5000, StatusRunning, []Step{}}},
	}
	if d := cmp.Diff(want, w.Spans[0]); d != "" {
		t.Errorf("span (-want +got):\n%s", d)
	}
}

// A message waits since it was sent and, after a failed attempt, since the end of that attempt.
func TestWaitCountsFromSendOrPreviousAttempt(t *testing.T) {
	t.Parallel()
	w := buildFrom(
		spanDocument("a", 1_000_002, 1_000_004, `,"fault":true`+messageMetadata("m", 1, 2000)),
		spanDocument("b", 1_000_007, 1_000_009, messageMetadata("m", 2, 7000)),
		spanDocument("c", 1_000_008, 1_000_009, messageMetadata("other", 1, 1000)),
	)
	var got []float64
	for _, s := range w.Spans {
		got = append(got, s.Wait)
	}
	if d := cmp.Diff([]float64{2000, 3000, 1000}, got); d != "" {
		t.Errorf("waits (-want +got):\n%s", d)
	}
	if w.Started != time.Unix(1_000_000, 0).UTC() || w.Duration != 9000 || w.Spans[0].Start != 2000 ||
		w.EndTime() != time.Unix(1_000_009, 0).UTC() {
		t.Errorf("began %v for %g ms, first hop at %g", w.Started, w.Duration, w.Spans[0].Start)
	}
}

// On AWS a span is part of a segment that Lambda writes, which has the initialization. The segments of Lambda and of
// the gateway are no spans.
func TestSpanInsideLambdaSegment(t *testing.T) {
	t.Parallel()
	ours := strings.Replace(spanDocument("span", 1_000_002, 1_000_003, ""), `"name"`, `"type":"subsegment","name"`, 1)
	function := `{"trace_id":"t","id":"f","parent_id":"l","name":"sluice-encode","origin":"AWS::Lambda::Function","start_time":1000000,"end_time":1000004,"subsegments":[
		{"id":"i","name":"Initialization","start_time":1000000,"end_time":1000001},
		{"id":"v","name":"Invocation","start_time":1000001,"end_time":1000004,"subsegments":[` + ours + `]}]}`
	w := buildFrom(
		function,
		`{"trace_id":"t","id":"l","name":"sluice-encode","origin":"AWS::Lambda","start_time":1000000,"end_time":1000004}`,
	)
	if len(w.Spans) != 1 || !w.Spans[0].ColdStart || w.Spans[0].Duration != 1000 {
		t.Errorf("spans %+v", w.Spans)
	}
	if want := costInCents(2 * time.Second); w.Cost < 0.99*want || w.Cost > 1.01*want { // initialization and work
		t.Errorf("costs %g, want %g", w.Cost, want)
	}
}

// Invalid documents and spans of other videos are ignored.
func TestDocumentsOfOtherVideosAreIgnored(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"another video's":  strings.ReplaceAll(spanDocument("a", 1, 2, ""), "vid_1", "vid_2"),
		"no service":       strings.ReplaceAll(spanDocument("a", 1, 2, ""), `"service"`, `"tenant"`),
		"no id":            spanDocument("", 1, 2, ""),
		"its own parent":   `{"id":"a","parent_id":"a","trace_id":"t","type":"subsegment"}`,
		"each other's":     `{"id":"a","parent_id":"b","trace_id":"t","type":"subsegment","subsegments":[{"id":"b","subsegments":[{"id":"a"}]}]}`,
		"no object":        "[]",
		"no document":      "x",
		"nothing":          "",
		"notes of numbers": `{"id":"a","trace_id":"t","name":"encode","annotations":{"service":1,"video_id":2}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if w := buildFrom(text); len(w.Spans) > 0 || w.Spans == nil || w.HasRunning() {
				t.Errorf("%+v", w)
			}
		})
	}
}
