package queue_test

import (
	"context"
	"errors"
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/shared/domain/errs"
)

func TestSpanEndsWithReasonOfDeadLetter(t *testing.T) {
	q, ended := &fakeQueue{}, errors.New("never")
	bad := errs.New("x", errs.Invalid, "bad", "It is bad.")
	c := newTestConsumer(q, "inspect", func(context.Context, events.Event) ([]events.Event, error) { return nil, bad })
	c.StartSpan = func(ctx context.Context, _ lambdaevents.SQSMessage, _ events.Event) (context.Context, func(error)) {
		return ctx, func(err error) { ended = err }
	}
	created := `{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-11-22T12:00:00Z","s3":{"bucket":{"name":"b"},"object":{"key":"t/acme/vid_1/source","size":5,"eTag":"e1"}}}]}`
	_, _ = c.HandleBatch(
		t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{newMessage("m", 1, created)}},
	)
	if !errors.Is(ended, bad) {
		t.Errorf("ended with %v", ended)
	}
}
