package cloud

import (
	"context"
	"errors"
	"time"
)

// aliveCheckInterval is how often a wait looks whether the server still lives.
const aliveCheckInterval = 500 * time.Millisecond

// ErrEnded is what a wait ends with when the server was killed, or has crashed.
var ErrEnded = errors.New("the local cloud has ended meanwhile; the end of its log in build may say why (make up starts it anew)")

// ContextWhileAlive returns a context that ends when the local cloud of the repository at root does, with ErrEnded as its
// cause. What waits for something in the local cloud waits with it.
func ContextWhileAlive(ctx context.Context, root string) (context.Context, context.CancelFunc, error) {
	c, err := findCloud(root)
	if err != nil {
		return nil, nil, err
	}
	s, running := c.readServerState()
	if !running {
		return nil, nil, errNotRunning
	}
	ctx, cancel := c.contextWhileAlive(ctx, s.PID)
	return ctx, cancel, nil
}

func (c *Cloud) contextWhileAlive(ctx context.Context, pid int) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	if c.url != "" { // not ours to watch
		return ctx, func() { end(context.Canceled) }
	}
	mark := []string{c.serverMark()}
	go func() {
		tick := time.NewTicker(aliveCheckInterval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if !hasMark(pid, mark) { // nor has a zombie any
					end(ErrEnded)
				}
			}
		}
	}()
	return ctx, func() { end(context.Canceled) }
}
