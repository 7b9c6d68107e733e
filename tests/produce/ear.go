package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"sluice/tests/subscriber"
)

// listener hears what the topic tells of one tenant's videos.
type listener interface {
	Hear(ctx context.Context, heard func(event []byte) error) error
}

func (p producer) listen(ctx context.Context, tenant string) (*subscriber.Ear, error) {
	return subscriber.Topic{SQS: p.sqs, SNS: p.sns, ARN: p.topic}.Listen(ctx, "produce", "video.", tenant)
}

// until tells every fact about one request, each once, to the last. It fails if that is a failure.
func until(ctx context.Context, l listener, correlation string, tell func(fact)) error {
	told := map[string]bool{}
	var last fact
	for !last.last() {
		err := l.Hear(ctx, func(event []byte) error {
			var f fact
			if err := json.Unmarshal(event, &f); err != nil {
				return fmt.Errorf("what was heard is no event: %w", err)
			}
			if f.CorrelationID != correlation || told[f.Type] || last.last() {
				return nil
			}
			told[f.Type], last = true, f
			tell(f)
			return nil
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return errors.New("nothing was heard of its end in time; GET /v1/dead-letters may know why")
		case err != nil:
			return err
		}
	}
	return last.failure()
}

func (f fact) failure() error {
	if f.Type == "video.failed.v1" {
		return errors.New("the video failed: " + f.Data.Problem.Message)
	}
	return nil
}
