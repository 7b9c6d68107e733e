package metrics

import (
	"context"
	"sync/atomic"
)

type duplicateKey struct{}

// WithDuplicateMark returns a context in which Twice is heard, and what reports whether it was.
func WithDuplicateMark(ctx context.Context) (context.Context, func() bool) {
	heard := new(atomic.Bool)
	return context.WithValue(ctx, duplicateKey{}, heard), heard.Load
}

// MarkDuplicate says that the message which is being handled has changed nothing, as it came before, or too late.
func MarkDuplicate(ctx context.Context) {
	if heard, ok := ctx.Value(duplicateKey{}).(*atomic.Bool); ok {
		heard.Store(true)
	}
}
