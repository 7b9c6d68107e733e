package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/shared/domain/errs"
)

// callOutcome is what becomes of one call.
type callOutcome string

const (
	callPasses       callOutcome = "passes"
	callRefused      callOutcome = "is refused"                    // it is not made, and fails
	callLosesAnswer  callOutcome = "loses its answer"              // it is made, and fails
	callHalfAccepted callOutcome = "is accepted by half"           // of a batch, some entries fail
	callDies         callOutcome = "is not made: the process dies" // as after the step before
	callDiesAfter    callOutcome = "is made, and the process dies"
	callArrivesLate  callOutcome = "is made after the process died"
	callHangs        callOutcome = "is never answered"              // until the caller's time is up
	callVanishes     callOutcome = "is accepted, and lost for ever" // of a message; no queue does that, people do
)

// What can become of calls that read, that write, and that send a batch.
var (
	readOutcomes  = []callOutcome{callRefused, callDies}
	writeOutcomes = []callOutcome{callRefused, callLosesAnswer, callDies, callDiesAfter, callArrivesLate}
	sendOutcomes  = append(slices.Clone(writeOutcomes), callHalfAccepted)
)

// process is one invocation of a function: a batch of messages, or a request. All that it does to the world is a call.
type process struct {
	w            *simulation
	name         string // the service
	number       int
	faultFree    bool // nothing may go wrong any more: its messages have been tried often
	dead         bool
	deadLettered map[string]bool // ids of messages it has filed as dead
}

// pendingCall is one that waits for its verdict.
type pendingCall struct {
	p             *process
	point, detail string
	outcomes      []callOutcome
	decided       chan callOutcome
}

var (
	errConnectionReset = errs.E("chaos", errs.Transient, errors.New("connection reset"))
	errProcessDead     = errs.E("chaos", errs.Transient, errors.New("this process is dead"))
)

// scheduleCall makes a call when the scheduler lets it.
func scheduleCall[T any](ctx context.Context, p *process, point, detail string, can []callOutcome, do func() (T, error)) (T, error) {
	var none T
	switch p.awaitOutcome(point, detail, can) {
	case callPasses, callHalfAccepted:
		return do()
	case callLosesAnswer:
		_, _ = do()
		return none, errConnectionReset
	case callRefused:
		return none, errConnectionReset
	case callHangs:
		<-ctx.Done()
		return none, errs.E("chaos", errs.Transient, ctx.Err())
	case callDiesAfter:
		_, _ = do()
	case callArrivesLate:
		p.w.scheduleLateCall(func() { _, _ = do() }, p.name+": "+point+" "+detail)
	case callDies:
	}
	return none, errProcessDead
}

// scheduleCallErr is ask for calls without a result.
func scheduleCallErr(ctx context.Context, p *process, point, detail string, can []callOutcome, do func() error) error {
	_, err := scheduleCall(ctx, p, point, detail, can, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// awaitOutcome blocks until the scheduler has a verdict on the call. The dead make no calls.
func (p *process) awaitOutcome(point, detail string, can []callOutcome) callOutcome {
	c := &pendingCall{p, p.name + ": " + point, detail, can, make(chan callOutcome)}
	p.w.mu.Lock()
	if p.dead {
		p.w.mu.Unlock()
		return callDies
	}
	p.w.waitingCalls = append(p.w.waitingCalls, c)
	p.w.mu.Unlock()
	return <-c.decided
}

// killProcess ends a process: what it waits for is not made. It returns the calls to let go with that.
func (w *simulation) killProcess(p *process) (ended []*pendingCall) {
	p.dead = true
	w.waitingCalls = slices.DeleteFunc(w.waitingCalls, func(c *pendingCall) bool {
		if c.p == p {
			ended = append(ended, c)
		}
		return c.p == p
	})
	return ended
}

// releaseCall lets one of the waiting calls go on, in one way or another.
func (w *simulation) releaseCall() {
	w.mu.Lock()
	slices.SortFunc(w.waitingCalls, func(a, b *pendingCall) int {
		return cmp.Or(cmp.Compare(a.p.number, b.p.number), cmp.Compare(a.point, b.point), cmp.Compare(a.detail, b.detail))
	})
	i := w.drawInt(len(w.waitingCalls))
	c := w.waitingCalls[i]
	w.waitingCalls = slices.Delete(w.waitingCalls, i, i+1)
	v := w.drawOutcome(c)
	var ended []*pendingCall
	if slices.Contains([]callOutcome{callDies, callDiesAfter, callArrivesLate}, v) {
		ended = w.killProcess(c.p)
	}
	w.logOutcome(c, v)
	w.mu.Unlock()
	for _, e := range ended {
		e.decided <- callDies
	}
	c.decided <- v
}

// drawOutcome draws what becomes of a call. w is locked.
func (w *simulation) drawOutcome(c *pendingCall) callOutcome {
	w.calls = append(w.calls, c)
	switch {
	case w.faultAt > 0:
		if w.faultAt == len(w.calls) {
			return w.faultOutcome
		}
	case len(c.outcomes) == 0, w.maxFaults == 0, c.p.faultFree && !w.faultsToTheEnd, !strings.HasPrefix(c.point, w.faultPrefix), w.rng.Float64() >= w.faultRate:
	case w.faultsHang:
		w.maxFaults--
		return callHangs
	default:
		w.maxFaults--
		return c.outcomes[w.drawInt(len(c.outcomes))]
	}
	return callPasses
}

// logOutcome writes a verdict down. w is locked.
func (w *simulation) logOutcome(c *pendingCall, v callOutcome) {
	w.logf("%d %s %s %s", c.p.number, c.point, c.detail, v)
}

// detachContext is a context for what outlives the process.
func detachContext(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func (w *simulation) logf(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%8.3fs ", w.elapsed().Seconds())+fmt.Sprintf(format, args...))
}
