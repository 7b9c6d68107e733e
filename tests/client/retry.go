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

// retryRequest calls try until it succeeds or fails for good, with pauses that double, less up to half of each by chance.
// Every request of the API is safe to repeat; an upload created twice costs a row that expires.
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

// computeRetryDelay is how long to wait before try n, counted from 0.
func computeRetryDelay(n int) time.Duration {
	longest := min(firstRetryDelay<<(n-1), maxRetryDelay)
	return longest - rand.N(longest/2)
}

// isRetryable reports whether another try may have another end.
func isRetryable(err error) bool {
	var p *Problem
	if errors.As(err, &p) {
		return p.Status >= 500 || p.Status == http.StatusTooManyRequests || p.Status == http.StatusRequestTimeout
	}
	var u *networkError
	return errors.As(err, &u)
}
