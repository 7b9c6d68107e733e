package queue_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/events/examples"
	"sluice/shared/domain/errs"
)

// silentQueue is a queue and a sender that never answer.
type silentQueue struct{}

func (silentQueue) blockUntilDone(ctx context.Context) error {
	<-ctx.Done()
	return errs.E("silent", errs.Transient, ctx.Err())
}

func (s silentQueue) Send(ctx context.Context, _ ...events.Event) error { return s.blockUntilDone(ctx) }

func (s silentQueue) SendToDeadLetterQueue(ctx context.Context, _ lambdaevents.SQSMessage, _ error) error {
	return s.blockUntilDone(ctx)
}

func (s silentQueue) ChangeVisibility(ctx context.Context, _ lambdaevents.SQSMessage, _ time.Duration) error {
	return s.blockUntilDone(ctx)
}

// TestUnresponsiveSQSDoesNotBlockBatch: if SQS does not answer, messages are handled, and failures are reported in
// time.
func TestUnresponsiveSQSDoesNotBlockBatch(t *testing.T) {
	for service, body := range map[string]string{
		"encode": examples.ReadJSON("encode.requested.v1/minimal"), "inspect": "poison",
		"publish": examples.ReadJSON("encode.done.v1/minimal"),
	} {
		t.Run(service, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handled := false
				c := newTestConsumer(
					&fakeQueue{}, service, func(context.Context, events.Event) ([]events.Event, error) {
						handled = true
						return []events.Event{examples.ReadEvent("encode.done.v1/minimal")}, nil
					},
				)
				c.Send, c.Queue = silentQueue{}, silentQueue{}
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), c.Service.Timeout)
				defer cancel()
				r, err := c.HandleBatch(
					ctx,
					lambdaevents.SQSEvent{
						Records: []lambdaevents.SQSMessage{newMessage("a", 1, body), newMessage("b", 1, body)},
					},
				)
				if err != nil || len(r.BatchItemFailures) != 2 || handled != (body != "poison") {
					t.Errorf("reported %v, %v; handled: %v", r.BatchItemFailures, err, handled)
				}
				if lasted := time.Since(began); lasted >= c.Service.Timeout {
					t.Errorf("lasted %v of %v", lasted, c.Service.Timeout)
				}
			})
		})
	}
}
