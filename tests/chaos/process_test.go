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

// callOutcome is the outcome of one call to a port.
type callOutcome string

const (
	callPasses       callOutcome = "passes"
	callRefused      callOutcome = "is refused"                    // it is not made and returns an error
	callLosesAnswer  callOutcome = "loses its answer"              // it is made and returns an error
	callHalfAccepted callOutcome = "is accepted by half"           // some entries of a batch fail
	callDies         callOutcome = "is not made: the process dies" // as if it died after the previous step
	callDiesAfter    callOutcome = "is made, and the process dies"
	callArrivesLate  callOutcome = "is made after the process died"
	callHangs        callOutcome = "is never answered" // until the caller's context ends
	// a message that was accepted disappears; SQS does not do that, but an operator can
	callVanishes callOutcome = "is accepted, and lost for ever"
)

// The possible faults of calls that read, that write, and that send a batch.
var (
	readOutcomes  = []callOutcome{callRefused, callDies}
	writeOutcomes = []callOutcome{callRefused, callLosesAnswer, callDies, callDiesAfter, callArrivesLate}
	sendOutcomes  = append(slices.Clone(writeOutcomes), callHalfAccepted)
)

// process is one invocation of a function, with a batch of messages or a request. It affects the simulation only
// through calls.
type process struct {
	w            *simulation
	name         string // of the service
	number       int
	faultFree    bool // no fault is injected, because a message of it is in its last attempt
	dead         bool
	deadLettered map[string]bool // ids of messages that it has sent to the dead-letter queue
}

// pendingCall is a call that waits for its outcome.
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

// scheduleCall waits for the scheduler, and then makes the call or returns an error, as the outcome says.
func scheduleCall[T any](
	ctx context.Context, p *process, point, detail string, can []callOutcome, do func() (T, error),
) (T, error) {
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

// scheduleCallErr is scheduleCall for calls that return only an error.
func scheduleCallErr(ctx context.Context, p *process, point, detail string, can []callOutcome, do func() error) error {
	_, err := scheduleCall(ctx, p, point, detail, can, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// awaitOutcome blocks until the scheduler decides the outcome of a call. A dead process makes no calls.
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

// killProcess marks a process as dead and returns its waiting calls, which then have to be released.
func (sim *simulation) killProcess(p *process) (ended []*pendingCall) {
	p.dead = true
	sim.waitingCalls = slices.DeleteFunc(sim.waitingCalls, func(c *pendingCall) bool {
		if c.p == p {
			ended = append(ended, c)
		}
		return c.p == p
	})
	return ended
}

// releaseCall decides one of the waiting calls.
func (sim *simulation) releaseCall() {
	sim.mu.Lock()
	slices.SortFunc(sim.waitingCalls, func(a, b *pendingCall) int {
		return cmp.Or(
			cmp.Compare(a.p.number, b.p.number), cmp.Compare(a.point, b.point), cmp.Compare(a.detail, b.detail),
		)
	})
	i := sim.drawInt(len(sim.waitingCalls))
	c := sim.waitingCalls[i]
	sim.waitingCalls = slices.Delete(sim.waitingCalls, i, i+1)
	o := sim.drawOutcome(c)
	var ended []*pendingCall
	if slices.Contains([]callOutcome{callDies, callDiesAfter, callArrivesLate}, o) {
		ended = sim.killProcess(c.p)
	}
	sim.logOutcome(c, o)
	sim.mu.Unlock()
	for _, call := range ended {
		call.decided <- callDies
	}
	c.decided <- o
}

// drawOutcome draws the outcome of a call. The caller holds w.mu.
func (sim *simulation) drawOutcome(c *pendingCall) callOutcome {
	sim.calls = append(sim.calls, c)
	switch {
	case sim.faultAt > 0:
		if sim.faultAt == len(sim.calls) {
			return sim.faultOutcome
		}
	case len(c.outcomes) == 0, sim.maxFaults == 0, c.p.faultFree && !sim.faultsToTheEnd,
		!strings.HasPrefix(c.point, sim.faultPrefix), sim.rng.Float64() >= sim.faultRate:
	case sim.faultsHang:
		sim.maxFaults--
		return callHangs
	default:
		sim.maxFaults--
		return c.outcomes[sim.drawInt(len(c.outcomes))]
	}
	return callPasses
}

// logOutcome logs the outcome of a call. The caller holds w.mu.
func (sim *simulation) logOutcome(c *pendingCall, o callOutcome) {
	sim.logf("%d %s %s %s", c.p.number, c.point, c.detail, o)
}

// detachContext returns a context for calls that outlive the process.
func detachContext(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func (sim *simulation) logf(format string, args ...any) {
	sim.log = append(sim.log, fmt.Sprintf("%8.3fs ", sim.elapsed().Seconds())+fmt.Sprintf(format, args...))
}
