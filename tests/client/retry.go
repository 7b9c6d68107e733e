package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	tries      = 6
	firstPause = 200 * time.Millisecond
	longPause  = 5 * time.Second
)

// retry calls try until it succeeds or fails for good, with pauses that double, less up to half of each by chance.
// Every request of the API is safe to repeat; an upload created twice costs a row that expires.
func (c *Client) retry(ctx context.Context, try func() error) error {
	var err error
	for n := range tries {
		if n > 0 {
			if c.Sleep(ctx, pause(n)) != nil {
				return err
			}
		}
		if err = try(); err == nil || !passing(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// pause is how long to wait before try n, counted from 0.
func pause(n int) time.Duration {
	longest := min(firstPause<<(n-1), longPause)
	return longest - rand.N(longest/2)
}

// passing reports whether another try may have another end.
func passing(err error) bool {
	var p *Problem
	if errors.As(err, &p) {
		return p.Status >= 500 || p.Status == http.StatusTooManyRequests || p.Status == http.StatusRequestTimeout
	}
	var u *unreachable
	return errors.As(err, &u)
}
