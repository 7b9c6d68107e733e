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

// silent is a queue and a sender that never answer.
type silent struct{}

func (silent) wait(ctx context.Context) error {
	<-ctx.Done()
	return errs.E("silent", errs.Transient, ctx.Err())
}

func (s silent) Send(ctx context.Context, _ ...events.Event) error { return s.wait(ctx) }

func (s silent) Bury(ctx context.Context, _ lambdaevents.SQSMessage, _ error) error {
	return s.wait(ctx)
}

func (s silent) Hide(ctx context.Context, _ lambdaevents.SQSMessage, _ time.Duration) error {
	return s.wait(ctx)
}

// Where SQS does not answer, messages are handled all the same, and what failed is reported while there is time.
func TestSilenceIsNoEnd(t *testing.T) {
	for service, body := range map[string]string{
		"encode": examples.JSON("encode.requested.v1/minimal"), "inspect": "poison", "publish": examples.JSON("encode.done.v1/minimal"),
	} {
		t.Run(service, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handled := false
				c := consumer(&desk{}, service, func(context.Context, events.Event) ([]events.Event, error) {
					handled = true
					return []events.Event{examples.Event("encode.done.v1/minimal")}, nil
				})
				c.Send, c.Queue = silent{}, silent{}
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), c.Service.Timeout)
				defer cancel()
				r, err := c.Batch(ctx, lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{message("a", 1, body), message("b", 1, body)}})
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
