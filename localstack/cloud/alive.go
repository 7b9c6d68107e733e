package cloud

import (
	"context"
	"errors"
	"time"
)

// often is how often a wait looks whether the server still lives.
const often = 500 * time.Millisecond

// ErrEnded is what a wait ends with when the server was killed, or has crashed.
var ErrEnded = errors.New("the local cloud has ended meanwhile; the end of its log in build may say why (make up starts it anew)")

// WhileAlive returns a context that ends when the local cloud of the repository at root does, with ErrEnded as its
// cause. What waits for something in the local cloud waits with it.
func WhileAlive(ctx context.Context, root string) (context.Context, context.CancelFunc, error) {
	c, err := existing(root)
	if err != nil {
		return nil, nil, err
	}
	s, running := c.server()
	if !running {
		return nil, nil, errDown
	}
	ctx, cancel := c.whileAlive(ctx, s.PID)
	return ctx, cancel, nil
}

func (c *Cloud) whileAlive(ctx context.Context, pid int) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	if c.url != "" { // not ours to watch
		return ctx, func() { end(context.Canceled) }
	}
	mark := []string{c.serverMark()}
	go func() {
		tick := time.NewTicker(often)
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
