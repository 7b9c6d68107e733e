package xray_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/traceview"
	"sluice/shared/platform/telemetry/xray"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fakeXRay has some traces, two on a page, with two documents each, one on a page.
type fakeXRay struct {
	ids         []string
	failingCall string // the call that fails
	filter      string // expected filter expression; "": that of the video
	by          types.TimeRangeType

	mu           sync.Mutex
	requestedIDs []string
}

func (x *fakeXRay) GetTraceSummaries(
	_ context.Context, in *sdk.GetTraceSummariesInput, _ ...func(*sdk.Options),
) (*sdk.GetTraceSummariesOutput, error) {
	if x.failingCall == "find" {
		return nil, errors.New("throttled")
	}
	if aws.ToString(in.FilterExpression) != cmp.Or(x.filter, `annotation.video_id = "vid_1"`) ||
		in.EndTime.Sub(*in.StartTime) > 6*time.Hour {
		return nil, fmt.Errorf("asked for %s in %v", *in.FilterExpression, in.EndTime.Sub(*in.StartTime))
	}
	if in.TimeRangeType != cmp.Or(x.by, types.TimeRangeTypeTraceId) {
		return nil, fmt.Errorf("asked by %s", in.TimeRangeType)
	}
	from := 0
	fmt.Sscan(aws.ToString(in.NextToken), &from)
	out := &sdk.GetTraceSummariesOutput{}
	for _, id := range x.ids[from:min(from+2, len(x.ids))] {
		out.TraceSummaries = append(out.TraceSummaries, types.TraceSummary{Id: &id})
	}
	if from+2 < len(x.ids) {
		out.NextToken = aws.String(fmt.Sprint(from + 2))
	}
	return out, nil
}

func (x *fakeXRay) BatchGetTraces(
	_ context.Context, in *sdk.BatchGetTracesInput, _ ...func(*sdk.Options),
) (*sdk.BatchGetTracesOutput, error) {
	if x.failingCall == "read" {
		return nil, errors.New("throttled")
	}
	if len(in.TraceIds) > 5 {
		return nil, fmt.Errorf("asked for %d", len(in.TraceIds))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	part := cmp.Or(aws.ToString(in.NextToken), "a")
	out := &sdk.BatchGetTracesOutput{}
	for _, id := range in.TraceIds {
		x.requestedIDs = append(x.requestedIDs, id)
		out.Traces = append(
			out.Traces, types.Trace{Id: &id, Segments: []types.Segment{{Document: aws.String(id + part)}}},
		)
	}
	if part == "a" {
		out.NextToken = aws.String("b")
	}
	return out, nil
}

func newTraceIDs(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("t%04d", i))
	}
	return ids
}

var windows = []traceview.TimeRange{
	{From: noon, To: noon.Add(6 * time.Hour)}, {From: noon.Add(6 * time.Hour), To: noon.Add(7 * time.Hour)},
}

func TestDocumentsOfVideoAreRead(t *testing.T) {
	t.Parallel()
	x := &fakeXRay{ids: newTraceIDs(13)}
	got, more, err := xray.Reader{Client: x}.ReadDocuments(t.Context(), "vid_1", windows)
	if err != nil || more {
		t.Fatalf("more %v, %v", more, err)
	}
	var want []string
	for _, id := range x.ids {
		want = append(want, id+"a", id+"b")
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

func TestVideoWithoutTracesHasNoDocuments(t *testing.T) {
	t.Parallel()
	x := &fakeXRay{}
	if got, more, err := (xray.Reader{Client: x}).ReadDocuments(
		t.Context(), "vid_1", windows,
	); len(got) > 0 || more || err != nil || x.requestedIDs != nil {
		t.Errorf("%v, %v, %v, asked for %v", got, more, err, x.requestedIDs)
	}
}

func TestTooManyTracesAreCut(t *testing.T) {
	t.Parallel()
	x := &fakeXRay{ids: newTraceIDs(1600)}
	got, more, err := xray.Reader{Client: x}.ReadDocuments(t.Context(), "vid_1", windows[:1])
	if len(got) != 2*1500 || !more || err != nil {
		t.Errorf("%d documents, more %v, %v", len(got), more, err)
	}
}

func TestDocumentErrorsAreTransient(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"find", "read"} {
		_, _, err := xray.Reader{Client: &fakeXRay{ids: newTraceIDs(3), failingCall: call}}.ReadDocuments(
			t.Context(), "vid_1", windows,
		)
		if errs.KindOf(err) != errs.Transient {
			t.Errorf("%s: %v", call, err)
		}
	}
}

func TestRecentTracesAreSampled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		traces, documents int
		part              float64
	}{{0, 0, 0}, {7, 14, 1}, {400, 200, 0.25}} {
		x := &fakeXRay{
			ids: newTraceIDs(tt.traces), filter: `annotation.service = "api" OR annotation.service = "encode"`,
			by: types.TimeRangeTypeEvent,
		}
		got, err := xray.Reader{Client: x}.SampleRecent(
			t.Context(), [][]string{{"api", "encode"}, {"api", "encode"}}, windows[0],
		)
		if err != nil || len(got) != 2 || len(got[0].Documents) != tt.documents || got[0].Fraction != tt.part {
			t.Errorf("of %d traces: %v, %v", tt.traces, got, err)
		} else if len(got[1].Documents) != 0 {
			t.Errorf("%d documents are in both samples", len(got[1].Documents))
		}
	}
}

func TestRecentSamplesCoverWholeWindow(t *testing.T) {
	t.Parallel()
	many := &fakeXRay{ids: newTraceIDs(1000), filter: `annotation.service = "api"`, by: types.TimeRangeTypeEvent}
	if _, err := (xray.Reader{Client: many}).SampleRecent(t.Context(), [][]string{{"api"}}, windows[0]); err != nil {
		t.Fatal(err)
	}
	late := 0 // traces of the second half
	for _, id := range slices.Compact(slices.Sorted(slices.Values(many.requestedIDs))) {
		if id >= "t0500" {
			late++
		}
	}
	if late != 50 {
		t.Errorf("%d of 100 traces are of the second half", late)
	}
}

func TestSampleErrorsAreTransient(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"find", "read"} {
		x := &fakeXRay{
			ids: newTraceIDs(3), failingCall: call, filter: `annotation.service = "api"`, by: types.TimeRangeTypeEvent,
		}
		if _, err := (xray.Reader{Client: x}).SampleRecent(
			t.Context(), [][]string{{"api"}}, windows[0],
		); errs.KindOf(err) != errs.Transient {
			t.Errorf("%s: %v", call, err)
		}
	}
}
