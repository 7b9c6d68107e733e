package metrics

import (
	"context"
	"sync/atomic"
)

type duplicateKey struct{}

// WithDuplicateMark returns a context for handling a message, and a function that reports whether MarkDuplicate was
// called in it.
func WithDuplicateMark(ctx context.Context) (context.Context, func() bool) {
	marked := new(atomic.Bool)
	return context.WithValue(ctx, duplicateKey{}, marked), marked.Load
}

// MarkDuplicate records that the message that is being handled has changed nothing, because it was handled before or is
// late.
func MarkDuplicate(ctx context.Context) {
	if marked, ok := ctx.Value(duplicateKey{}).(*atomic.Bool); ok {
		marked.Store(true)
	}
}
