package cloud

import (
	"context"
	"errors"
	"time"
)

// aliveCheckInterval is how often ContextWhileAlive checks that the server lives.
const aliveCheckInterval = 500 * time.Millisecond

// ErrEnded is the cause of a context that has ended because the server was killed or has crashed.
var ErrEnded = errors.New(
	"the local cloud has ended meanwhile; the end of its log in build may say why (make up starts it anew)",
)

// ContextWhileAlive returns a context that ends when the local cloud of the repository at root ends, with ErrEnded as
// its cause. Whatever waits for something in the local cloud uses it.
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
	if c.url != "" { // a server that this package did not start
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
				if !hasMark(pid, mark) { // a zombie has no environment
					end(ErrEnded)
				}
			}
		}
	}()
	return ctx, func() { end(context.Canceled) }
}
