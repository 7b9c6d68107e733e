// Package invocation divides the time of a Lambda invocation. It needs no AWS rights.
package invocation

import (
	"context"
	"time"
)

// WithReserve returns a context that ends reserve before ctx does: the time in which a function still reports what it
// has done. A ctx without a deadline is returned as it is.
func WithReserve(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, end.Add(-reserve))
}
