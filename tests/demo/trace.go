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
	traceTimeout = 30 * time.Second // for a complete trace; X-Ray has a delay
	maxTraceRows = 40               // of a trace; a long video has hundreds of spans
)

// printTrace prints the trace of the video. If there is none, it says so and does not fail.
func (d demo) printTrace(ctx context.Context, c *client.Client, id string) error {
	ctx, cancel := context.WithTimeout(ctx, traceTimeout)
	defer cancel()
	fall, err := pollTrace(ctx, c, id, d.pollInterval)
	if err != nil {
		_, err = fmt.Fprintf(d.out, "\nthe trace is not available: %v\n", err)
		return err
	}
	_, err = fmt.Fprintf(d.out, "\n%s\nagain make trace VIDEO=%s TENANT=%s\n", fall.DrawText(false, maxTraceRows), id,
		d.tenant)
	return err
}

// pollTrace fetches the trace until it is complete, and returns what is known when ctx ends.
func pollTrace(
	ctx context.Context, c *client.Client, id string, every time.Duration,
) (fall traceview.Waterfall, err error) {
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
