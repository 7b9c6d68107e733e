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

// verdict is what becomes of one call.
type verdict string

const (
	pass     verdict = "passes"
	refuse   verdict = "is refused"                    // it is not made, and fails
	lose     verdict = "loses its answer"              // it is made, and fails
	halve    verdict = "is accepted by half"           // of a batch, some entries fail
	die      verdict = "is not made: the process dies" // as after the step before
	dieAfter verdict = "is made, and the process dies"
	late     verdict = "is made after the process died"
	hang     verdict = "is never answered"              // until the caller's time is up
	vanish   verdict = "is accepted, and lost for ever" // of a message; no queue does that, people do
)

// What can become of calls that read, that write, and that send a batch.
var (
	reads  = []verdict{refuse, die}
	writes = []verdict{refuse, lose, die, dieAfter, late}
	sends  = append(slices.Clone(writes), halve)
)

// process is one invocation of a function: a batch of messages, or a request. All that it does to the world is a call.
type process struct {
	w      *world
	name   string // the service
	number int
	sound  bool // nothing may go wrong any more: its messages have been tried often
	dead   bool
	buried map[string]bool // ids of messages it has filed as dead
}

// call is one that waits for its verdict.
type call struct {
	p             *process
	point, detail string
	can           []verdict
	let           chan verdict
}

var (
	errDown = errs.E("chaos", errs.Transient, errors.New("connection reset"))
	errDead = errs.E("chaos", errs.Transient, errors.New("this process is dead"))
)

// ask makes a call when the scheduler lets it.
func ask[T any](ctx context.Context, p *process, point, detail string, can []verdict, do func() (T, error)) (T, error) {
	var none T
	switch p.wait(point, detail, can) {
	case pass, halve:
		return do()
	case lose:
		_, _ = do()
		return none, errDown
	case refuse:
		return none, errDown
	case hang:
		<-ctx.Done()
		return none, errs.E("chaos", errs.Transient, ctx.Err())
	case dieAfter:
		_, _ = do()
	case late:
		p.w.later(func() { _, _ = do() }, p.name+": "+point+" "+detail)
	case die:
	}
	return none, errDead
}

// tell is ask for calls without a result.
func tell(ctx context.Context, p *process, point, detail string, can []verdict, do func() error) error {
	_, err := ask(ctx, p, point, detail, can, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// wait blocks until the scheduler has a verdict on the call. The dead make no calls.
func (p *process) wait(point, detail string, can []verdict) verdict {
	c := &call{p, p.name + ": " + point, detail, can, make(chan verdict)}
	p.w.mu.Lock()
	if p.dead {
		p.w.mu.Unlock()
		return die
	}
	p.w.waiting = append(p.w.waiting, c)
	p.w.mu.Unlock()
	return <-c.let
}

// kill ends a process: what it waits for is not made. It returns the calls to let go with that.
func (w *world) kill(p *process) (ended []*call) {
	p.dead = true
	w.waiting = slices.DeleteFunc(w.waiting, func(c *call) bool {
		if c.p == p {
			ended = append(ended, c)
		}
		return c.p == p
	})
	return ended
}

// release lets one of the waiting calls go on, in one way or another.
func (w *world) release() {
	w.mu.Lock()
	slices.SortFunc(w.waiting, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.p.number, b.p.number), cmp.Compare(a.point, b.point), cmp.Compare(a.detail, b.detail))
	})
	i := w.draw(len(w.waiting))
	c := w.waiting[i]
	w.waiting = slices.Delete(w.waiting, i, i+1)
	v := w.verdict(c)
	var ended []*call
	if slices.Contains([]verdict{die, dieAfter, late}, v) {
		ended = w.kill(c.p)
	}
	w.note(c, v)
	w.mu.Unlock()
	for _, e := range ended {
		e.let <- die
	}
	c.let <- v
}

// verdict draws what becomes of a call. w is locked.
func (w *world) verdict(c *call) verdict {
	w.calls = append(w.calls, c)
	switch {
	case w.at > 0:
		if w.at == len(w.calls) {
			return w.what
		}
	case len(c.can) == 0, w.faults == 0, c.p.sound && !w.cruel, !strings.HasPrefix(c.point, w.only), w.rng.Float64() >= w.rate:
	case w.hangs:
		w.faults--
		return hang
	default:
		w.faults--
		return c.can[w.draw(len(c.can))]
	}
	return pass
}

// note writes a verdict down. w is locked.
func (w *world) note(c *call, v verdict) {
	w.logf("%d %s %s %s", c.p.number, c.point, c.detail, v)
}

// apart is a context for what outlives the process.
func apart(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func (w *world) logf(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%8.3fs ", w.since().Seconds())+fmt.Sprintf(format, args...))
}
