package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"sluice/tests/subscriber"
)

// eventReceiver receives the events of one tenant's videos from the topic.
type eventReceiver interface {
	ReceiveEvents(ctx context.Context, heard func(event []byte) error) error
}

func (p producer) subscribeToTopic(ctx context.Context, tenant string) (*subscriber.Queue, error) {
	return subscriber.Topic{SQS: p.sqs, SNS: p.sns, ARN: p.topicARN}.Subscribe(ctx, "produce", "video.", tenant)
}

// followRequest calls report once for each type of event with the given correlation id, until the last one. It returns
// an error if the video fails or ctx ends.
func followRequest(ctx context.Context, r eventReceiver, correlation string, report func(topicEvent)) error {
	reported := map[string]bool{}
	var last topicEvent
	for !last.isFinal() {
		err := r.ReceiveEvents(ctx, func(event []byte) error {
			var e topicEvent
			if err := json.Unmarshal(event, &e); err != nil {
				return fmt.Errorf("a message of the topic is not an event: %w", err)
			}
			if e.CorrelationID != correlation || reported[e.Type] || last.isFinal() {
				return nil
			}
			reported[e.Type], last = true, e
			report(e)
			return nil
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return errors.New("the final event did not arrive in time; GET /v1/dead-letters may say why")
		case err != nil:
			return err
		}
	}
	return last.failureError()
}

func (e topicEvent) failureError() error {
	if e.Type == "video.failed.v1" {
		return errors.New("the video failed: " + e.Data.Problem.Message)
	}
	return nil
}
