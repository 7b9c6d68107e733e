package messages

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"sluice/events"
	"sluice/events/examples"
	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/runtimetest"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

// stubQueue is a publisher, and a queue that can't change visibility, which is logged.
type stubQueue struct{}

func (stubQueue) Send(context.Context, ...events.Event) error { return nil }
func (stubQueue) SendToDeadLetterQueue(context.Context, lambdaevents.SQSMessage, error) error {
	return nil
}
func (stubQueue) ChangeVisibility(context.Context, lambdaevents.SQSMessage, time.Duration) error {
	return errors.New("no response")
}

// However a message ends, its lines name tenant and video. The invocation, which may have several messages, logs the
// cost.
func TestMessageLogLinesNameTenantAndVideo(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]func() error{
		"handled": func() error { return nil },
		"again":   func() error { return errs.E("x", errs.Transient, errors.New("later")) },
		"dead":    func() error { return errs.New("x", errs.Invalid, "bad", "It is bad.") },
		"panic":   func() error { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, out := runtimetest.New(t, "encode")
			e := examples.ReadEvent("encode.requested.v1/minimal")
			c := newConsumer(r, func(ctx context.Context, _ events.Event) ([]events.Event, error) {
				r.Log.InfoContext(ctx, "works")
				return nil, handle()
			}, nil)
			c.Send, c.Queue = stubQueue{}, stubQueue{}
			ctx, cancel := context.WithTimeout(
				lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "req-1"}), time.Hour)
			defer cancel()
			_, err := runtime.LogInvocationCost(r, c.HandleBatch)(ctx, lambdaevents.SQSEvent{
				Records: []lambdaevents.SQSMessage{{
					MessageId: "m1", Body: examples.ReadJSON("encode.requested.v1/minimal"),
					EventSourceARN: "arn:aws:sqs:eu-west-1:1:sluice-encode",
					Attributes:     map[string]string{"ApproximateReceiveCount": "1"},
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			lines := bytes.SplitAfter(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))
			of, last := lines[:len(lines)-1], lines[len(lines)-1]
			metricstest.RequireLogFields(
				t, slices.Concat(of...),
				map[string]any{"request_id": "req-1", "tenant": e.Tenant, "video": e.Video, "service": "encode"}, 0,
			)
			if got := metricstest.ReadSamples(t, last); len(got) != 1 || got[0].Name != "Dollars" ||
				metricstest.ReadLines(t, last)[0]["request_id"] != "req-1" {
				t.Errorf("the last line is %s", last)
			}
		})
	}
}

func TestWithoutSandboxEveryMessageFails(t *testing.T) {
	t.Parallel()
	handle := func(context.Context, events.Event) ([]events.Event, error) { return nil, nil }
	broken := ffmpeg.Sandbox{Layers: ffmpeg.LambdaLayers, Err: errors.New("its environment can be read")}
	for _, tt := range []struct {
		service string
		sandbox ffmpeg.Sandbox
		want    errs.Code
	}{
		{"encode", broken, "cage_unavailable"},
		{"inspect", broken, "cage_unavailable"},
		{"encode", ffmpeg.Sandbox{Layers: ffmpeg.LambdaLayers}, ""},
		{"publish", broken, ""},
	} {
		r, _ := runtimetest.New(t, tt.service)
		_, err := requireSandbox(r, handle, tt.sandbox)(t.Context(), events.Event{})
		if (err == nil) != (tt.want == "") || err != nil && (errs.KindOf(err) != errs.Internal ||
			errs.ProblemOf(err).Code != tt.want) {
			t.Errorf("%s: %v, want %q", tt.service, err, tt.want)
		}
	}
}
