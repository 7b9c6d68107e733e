package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"sluice/tests/subscriber"
)

// eventReceiver hears what the topic tells of one tenant's videos.
type eventReceiver interface {
	ReceiveEvents(ctx context.Context, heard func(event []byte) error) error
}

func (p producer) subscribeToTopic(ctx context.Context, tenant string) (*subscriber.Queue, error) {
	return subscriber.Topic{SQS: p.sqs, SNS: p.sns, ARN: p.topicARN}.Subscribe(ctx, "produce", "video.", tenant)
}

// followRequest tells every fact about one request, each once, to the last. It fails if that is a failure.
func followRequest(ctx context.Context, l eventReceiver, correlation string, tell func(topicEvent)) error {
	told := map[string]bool{}
	var last topicEvent
	for !last.isFinal() {
		err := l.ReceiveEvents(ctx, func(event []byte) error {
			var f topicEvent
			if err := json.Unmarshal(event, &f); err != nil {
				return fmt.Errorf("what was heard is no event: %w", err)
			}
			if f.CorrelationID != correlation || told[f.Type] || last.isFinal() {
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
	return last.failureError()
}

func (f topicEvent) failureError() error {
	if f.Type == "video.failed.v1" {
		return errors.New("the video failed: " + f.Data.Problem.Message)
	}
	return nil
}
