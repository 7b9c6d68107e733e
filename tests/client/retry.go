package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	maxAttempts     = 6
	firstRetryDelay = 200 * time.Millisecond
	maxRetryDelay   = 5 * time.Second
)

// retryRequest calls try until it succeeds, fails with a permanent error, or has failed maxAttempts times. The delays
// between attempts double, with a random reduction of up to half. Every request of the API can be repeated safely; a
// second upload session costs only a row that expires.
func (c *Client) retryRequest(ctx context.Context, try func() error) error {
	var err error
	for n := range maxAttempts {
		if n > 0 {
			if c.Sleep(ctx, computeRetryDelay(n)) != nil {
				return err
			}
		}
		if err = try(); err == nil || !isRetryable(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// computeRetryDelay returns the delay before attempt n, counted from 0.
func computeRetryDelay(n int) time.Duration {
	longest := min(firstRetryDelay<<(n-1), maxRetryDelay)
	return longest - rand.N(longest/2)
}

// isRetryable reports whether another attempt can succeed.
func isRetryable(err error) bool {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Status >= 500 || p.Status == http.StatusTooManyRequests || p.Status == http.StatusRequestTimeout
	}
	var e *networkError
	return errors.As(err, &e)
}
