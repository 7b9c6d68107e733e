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

// Each way in which a delivery ends is counted once, with its queue.
func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	const wait, work = "Wait[sluice-encode]=2000", "Work[sluice-encode]=3000"
	transient, bad := errs.E("x", errs.Transient, errors.New("later")), errs.Refuse("x", errs.Invalid, "bad", "It is bad.")
	for _, tt := range []struct {
		name    string
		attempt int
		err     error
		twice   bool
		want    []string
	}{
		{"handled", 1, nil, false, []string{work, wait}},
		{"handled in the end", 3, nil, false, []string{work}},
		{"handled before", 1, nil, true, []string{work, "Duplicate[sluice-encode]=1", wait}},
		{"to come again", 1, transient, false, []string{"Retried[sluice-encode]=1", wait}},
		{"given up", 5, transient, false, []string{"Dead[sluice-encode]=1"}},
		{"refused", 1, bad, false, []string{"Dead[sluice-encode]=1", wait}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				c := consumer(&desk{}, "encode", func(ctx context.Context, _ events.Event) ([]events.Event, error) {
					time.Sleep(3 * time.Second) // of the test's own clock
					if tt.twice {
						metrics.Twice(ctx)
					}
					return nil, tt.err
				})
				c.Log = logs.New("encode", &out)
				m := message("m1", tt.attempt, examples.JSON("encode.requested.v1/minimal"))
				m.EventSourceARN = "arn:aws:sqs:eu-west-1:123456789012:sluice-encode"
				m.Attributes["SentTimestamp"] = fmt.Sprint(time.Now().Add(-2 * time.Second).UnixMilli())
				if _, err := c.Batch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{m}}); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tt.want, metricstest.Texts(t, out.Bytes())); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			})
		})
	}
}

// What can't be filed is not dead yet.
func TestALetterIsCountedWhenItIsFiled(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := consumer(&desk{full: true}, "encode", nil)
	c.Log = logs.New("encode", &out)
	_, _ = c.Batch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{message("m1", 1, "hello")}})
	if d := cmp.Diff([]string{"Retried[none]=1"}, metricstest.Texts(t, out.Bytes())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
