package metrics

import (
	"context"
	"sync/atomic"
)

type twiceKey struct{}

// Watch returns a context in which Twice is heard, and what reports whether it was.
func Watch(ctx context.Context) (context.Context, func() bool) {
	heard := new(atomic.Bool)
	return context.WithValue(ctx, twiceKey{}, heard), heard.Load
}

// Twice says that the message which is being handled has changed nothing, as it came before, or too late.
func Twice(ctx context.Context) {
	if heard, ok := ctx.Value(twiceKey{}).(*atomic.Bool); ok {
		heard.Store(true)
	}
}
