package faults

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/awsclient"
)

// timeout is that of the function which makes the calls, and stall how long nothing moves before an attempt ends.
const timeout = 20 * time.Second

var stall = awsclient.StallTimeout(timeout)

// Call is a call of an adapter.
type Call struct {
	Name string
	Make func(ctx context.Context, cfg aws.Config) error
	Good Answer // with which the call succeeds
	// Streams: the adapter reads the body by itself, so that the SDK does not repeat what breaks off.
	Streams bool
	// NoBody: the answer has no body that the SDK waits for.
	NoBody bool
}

// Suite has the calls of an adapter and the errors of its service.
type Suite struct {
	Calls     []Call
	Throttled Answer
	Failed    []Answer  // errors of the service itself
	Denied    Answer    // an error that no other attempt changes
	Kind      errs.Kind // of Denied
	Others    []Fault
}

// Fault is an error of a service that is not like the others.
type Fault struct {
	Name     string
	Answers  []Answer // the call's good answer follows
	Kind     errs.Kind
	Attempts int
	Calls    []string // the calls that have it; nil: all
}

// row is a fault, and how a call has to end.
type row struct {
	name     string
	answers  []Answer
	deadline time.Duration
	kind     errs.Kind
	attempts int
	from, to time.Duration // how long it takes
}

// jitter is more than two backoffs after other faults than throttling.
const jitter = 200 * time.Millisecond

// Run checks each call with each fault.
func (s Suite) Run(t *testing.T) {
	for _, c := range s.Calls {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			rows := slices.Concat(s.serviceFaults(c), networkFaults(c))
			for _, r := range rows {
				t.Run(r.name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { r.check(t, c) }) })
			}
		})
	}
}

// serviceFaults returns the rows of errors that the service answers with.
func (s Suite) serviceFaults(c Call) []row {
	all := []row{
		{"no fault", []Answer{c.Good}, timeout, "", 1, 0, 0},
		{"throttled once", []Answer{s.Throttled, c.Good}, timeout, "", 2, 0, time.Second},
		{"throttled", []Answer{s.Throttled}, timeout, errs.Transient, 3, 0, 3 * time.Second},
		{
			"throttled, retry after 3 s", []Answer{s.Throttled.withHeader("X-Amz-Retry-After", "3000"), c.Good},
			timeout, "", 2, 3 * time.Second, 4 * time.Second,
		},
		{
			"throttled, retry after the deadline", []Answer{s.Throttled.withHeader("X-Amz-Retry-After", "4000")},
			3 * time.Second, errs.Transient, 1, 3 * time.Second, 3 * time.Second,
		},
		{"denied", []Answer{s.Denied}, timeout, s.Kind, 1, 0, 0},
	}
	for _, failed := range s.Failed {
		all = append(all, row{"failed once", []Answer{failed, c.Good}, timeout, "", 2, 0, jitter},
			row{"failed", []Answer{failed}, timeout, errs.Transient, 3, 0, jitter})
	}
	for _, f := range s.Others {
		if f.Calls == nil || slices.Contains(f.Calls, c.Name) {
			all = append(all, row{f.Name, append(f.Answers, c.Good), timeout, f.Kind, f.Attempts, 0, jitter})
		}
	}
	return all
}

// networkFaults returns the rows of connections that hang or break.
func networkFaults(c Call) []row {
	all := []row{
		{"hangs once", []Answer{hang, c.Good}, timeout, "", 2, stall, stall + jitter},
		{"hangs", []Answer{hang}, timeout, errs.Transient, 3, 3 * stall, 3*stall + jitter},
		{"hangs until the deadline", []Answer{hang}, stall / 2, errs.Transient, 1, stall / 2, stall / 2},
		{"is reset once", []Answer{reset, c.Good}, timeout, "", 2, 0, jitter},
		{"is reset", []Answer{reset}, timeout, errs.Transient, 3, 0, jitter},
		{"is closed once", []Answer{hangUp, c.Good}, timeout, "", 2, 0, jitter},
		{"is closed", []Answer{hangUp}, timeout, errs.Transient, 3, 0, jitter},
	}
	if c.NoBody {
		return all
	}
	for name, then := range map[string]Answer{"hangs": hang, "is reset": reset, "is closed": hangUp} {
		broken, wait := c.Good.breakOff(then), time.Duration(0)
		if name == "hangs" {
			wait = stall
		}
		if c.Streams {
			all = append(all, row{
				name + " in the answer", []Answer{broken, c.Good}, timeout, errs.Transient, 1, wait, wait + jitter,
			})
			continue
		}
		all = append(all,
			row{name + " in the answer once", []Answer{broken, c.Good}, timeout, "", 2, wait, wait + jitter},
			row{name + " in the answer", []Answer{broken}, timeout, errs.Transient, 3, 3 * wait, 3*wait + jitter})
	}
	return all
}

// check makes the call and compares. All attempts must send the same, so that the service can tell that they are one.
func (r row) check(t *testing.T, c Call) {
	s := NewServer(t, r.answers...)
	ctx, cancel := context.WithTimeout(t.Context(), r.deadline)
	defer cancel()
	began := time.Now()
	err := c.Make(ctx, s.Config(timeout))
	took := time.Since(began)
	if errs.KindOf(err) != r.kind {
		t.Errorf("ends with %q (%v), want %q", errs.KindOf(err), err, r.kind)
	}
	if took < r.from || took > r.to+awsclient.MaxAttempts*latency {
		t.Errorf("takes %v, want %v to %v", took, r.from, r.to)
	}
	bodies := s.Bodies()
	if len(bodies) != r.attempts {
		t.Errorf("%d attempts, want %d", len(bodies), r.attempts)
	}
	if same := slices.Compact(slices.Clone(bodies)); len(same) > 1 {
		t.Errorf("the attempts differ:\n%q", same)
	}
}
