package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/events/examples"
	"sluice/shared/domain/errs"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

// TestEachDeliveryOutcomeIsCountedOnce: each outcome of a delivery is counted once, for its queue.
func TestEachDeliveryOutcomeIsCountedOnce(t *testing.T) {
	t.Parallel()
	const wait, work = "Wait[sluice-encode]=2000", "Work[sluice-encode]=3000"
	transient, bad := errs.E("x", errs.Transient, errors.New("later")), errs.New("x", errs.Invalid, "bad", "It is bad.")
	for _, tt := range []struct {
		name    string
		attempt int
		err     error
		twice   bool
		want    []string
	}{
		{"handled", 1, nil, false, []string{work, wait}},
		{"handled at a later attempt", 3, nil, false, []string{work}},
		{"duplicate", 1, nil, true, []string{work, "Duplicate[sluice-encode]=1", wait}},
		{"retried", 1, transient, false, []string{"Retried[sluice-encode]=1", wait}},
		{"exhausted", 5, transient, false, []string{"Dead[sluice-encode]=1"}},
		{"rejected", 1, bad, false, []string{"Dead[sluice-encode]=1", wait}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				c := newTestConsumer(
					&fakeQueue{}, "encode", func(ctx context.Context, _ events.Event) ([]events.Event, error) {
						time.Sleep(3 * time.Second) // of the test's own clock
						if tt.twice {
							metrics.MarkDuplicate(ctx)
						}
						return nil, tt.err
					},
				)
				c.Log = logs.New("encode", &out)
				m := newMessage("m1", tt.attempt, examples.ReadJSON("encode.requested.v1/minimal"))
				m.EventSourceARN = "arn:aws:sqs:eu-west-1:123456789012:sluice-encode"
				m.Attributes["SentTimestamp"] = fmt.Sprint(time.Now().Add(-2 * time.Second).UnixMilli())
				if _, err := c.HandleBatch(
					t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{m}},
				); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tt.want, metricstest.ReadTexts(t, out.Bytes())); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			})
		})
	}
}

// TestDeadLetterIsCountedOnlyWhenSent: a message that can't be sent to the dead-letter queue is retried.
func TestDeadLetterIsCountedOnlyWhenSent(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := newTestConsumer(&fakeQueue{refusesSends: true}, "encode", nil)
	c.Log = logs.New("encode", &out)
	_, _ = c.HandleBatch(
		t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{newMessage("m1", 1, "hello")}},
	)
	if d := cmp.Diff([]string{"Retried[none]=1"}, metricstest.ReadTexts(t, out.Bytes())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
