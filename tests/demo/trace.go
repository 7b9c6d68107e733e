package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sluice/shared/domain/traceview"
	"sluice/tests/client"
)

const (
	traceTimeout = 30 * time.Second // until all hops are known: X-Ray takes its time
	maxTraceRows = 40               // of a waterfall: a film has hundreds of hops
)

// printTrace prints the video's way through every hop. That it can't be had is said, and no failure of the video's.
func (d demo) printTrace(ctx context.Context, c *client.Client, id string) error {
	ctx, cancel := context.WithTimeout(ctx, traceTimeout)
	defer cancel()
	fall, err := pollTrace(ctx, c, id, d.pollInterval)
	if err != nil {
		_, err = fmt.Fprintf(d.out, "\nits way through every hop is not known: %v\n", err)
		return err
	}
	_, err = fmt.Fprintf(d.out, "\n%s\nagain make trace VIDEO=%s TENANT=%s\n", fall.DrawText(false, maxTraceRows), id, d.tenant)
	return err
}

// pollTrace asks until all hops are known, or returns what is known when the time is up.
func pollTrace(ctx context.Context, c *client.Client, id string, every time.Duration) (fall traceview.Waterfall, err error) {
	for {
		text, err := c.GetTrace(ctx, id)
		switch {
		case err != nil && fall.Spans != nil:
			return fall, nil
		case err != nil:
			return fall, err
		}
		fall = traceview.Waterfall{}
		if err := json.Unmarshal(text, &fall); err != nil {
			return fall, err
		}
		if fall.Complete || c.Sleep(ctx, every) != nil {
			return fall, nil
		}
	}
}
