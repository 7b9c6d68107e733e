package apitest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/traceview"
	"sync"
)

// FakeXRay is X-Ray, and the queues.
type FakeXRay struct {
	Segments     []string
	More         bool
	WindowsAsked []traceview.TimeRange
	RecentCalls  int
	Hangs        bool // until nobody waits any more
	Err          error

	mu     sync.Mutex
	Depths map[string][2]int
}

func (x *FakeXRay) ReadDocuments(_ context.Context, _ string, windows []traceview.TimeRange) ([]string, bool, error) {
	x.WindowsAsked = windows
	return x.Segments, x.More, x.Err
}

func (x *FakeXRay) SampleRecent(ctx context.Context, of [][]string, w traceview.TimeRange) ([]traceview.TraceSample, error) {
	x.RecentCalls++
	if x.Hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if len(slices.Concat(of...)) != len(services.Map) || !w.From.Before(w.To) {
		return nil, fmt.Errorf("asked for %v in %v", of, w)
	}
	return []traceview.TraceSample{{Documents: x.Segments, Fraction: 0.5}}, x.Err
}

func (x *FakeXRay) ReadQueueCounts(_ context.Context, service string) (waiting, inFlight int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if service == "fetch" {
		return 0, 0, errs.E("sqs", errs.Transient, errors.New("not now"))
	}
	d := x.Depths[service]
	return d[0], d[1], nil
}
