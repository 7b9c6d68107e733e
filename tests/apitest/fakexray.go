package apitest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/traceview"
)

// FakeXRay is observe's view of X-Ray and of the queues.
type FakeXRay struct {
	Segments    []string              // documents of all traces
	More        bool                  // what ReadDocuments returns
	TimeRanges  []traceview.TimeRange // of the last call of ReadDocuments
	RecentCalls int                   // of SampleRecent
	Hangs       bool                  // SampleRecent returns when its context is done
	Err         error                 // what X-Ray fails with
	Depths      map[string][2]int     // waiting and in flight, by queue
}

// ReadDocuments returns all segments.
func (x *FakeXRay) ReadDocuments(_ context.Context, _ string, windows []traceview.TimeRange) ([]string, bool, error) {
	x.TimeRanges = windows
	return x.Segments, x.More, x.Err
}

// SampleRecent returns all segments as half of the traces.
func (x *FakeXRay) SampleRecent(
	ctx context.Context, groups [][]string, window traceview.TimeRange,
) ([]traceview.TraceSample, error) {
	x.RecentCalls++
	if x.Hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if len(slices.Concat(groups...)) != len(services.Map) || !window.From.Before(window.To) {
		return nil, fmt.Errorf("got groups %v and range %v", groups, window)
	}
	return []traceview.TraceSample{{Documents: x.Segments, Fraction: 0.5}}, x.Err
}

// ReadQueueCounts returns a queue's counts. Those of fetch can't be read.
func (x *FakeXRay) ReadQueueCounts(_ context.Context, service string) (waiting, inFlight int, err error) {
	if service == "fetch" {
		return 0, 0, errs.E("sqs", errs.Transient, errors.New("not now"))
	}
	d := x.Depths[service]
	return d[0], d[1], nil
}
