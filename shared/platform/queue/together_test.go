package queue_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
)

// togetherEnv is a consumer that handles the events of a batch together. An event's id is that of its video.
type togetherEnv struct {
	fakeQueue
	*queue.Consumer
	left     []string // videos whose events are not handled together
	panics   bool
	together [][]string // the videos of each call
	alone    []string   // the videos whose events were handled alone
	spans    map[string]int
}

func newTogetherEnv() *togetherEnv {
	env := &togetherEnv{spans: map[string]int{}}
	env.Consumer = newTestConsumer(&env.fakeQueue, "publish", func(
		_ context.Context, e events.Event,
	) ([]events.Event, error) {
		env.alone = append(env.alone, e.Video)
		return env.follow(e), nil
	})
	env.HandleTogether = func(_ context.Context, items []*queue.Item) {
		var videos []string
		for _, i := range items {
			videos = append(videos, i.Event.Video)
			i.Out, i.Handled = env.follow(i.Event), !slices.Contains(env.left, i.Event.Video)
		}
		if env.together = append(env.together, videos); env.panics {
			panic("a bug")
		}
	}
	env.StartSpan = func(
		ctx context.Context, _ lambdaevents.SQSMessage, e events.Event,
	) (context.Context, func(error)) {
		env.spans[e.Video]++
		return ctx, func(error) { env.spans[e.Video] += 100 }
	}
	return env
}

func (env *togetherEnv) follow(e events.Event) []events.Event {
	return []events.Event{events.New(e.Tenant, e.Video, noon, video.VideoCancelled{})}
}

// newVideoMessage returns a message of a video, which is its group.
func newVideoMessage(t *testing.T, id string, attempt int) lambdaevents.SQSMessage {
	body, err := events.Encode(events.New("acme", id, noon, video.UploadCancelled{At: noon}))
	if err != nil {
		t.Fatal(err)
	}
	return lambdaevents.SQSMessage{MessageId: "m-" + id, Body: string(body), Attributes: map[string]string{
		"ApproximateReceiveCount": fmt.Sprint(attempt), "MessageGroupId": "acme." + id,
	}}
}

func TestBatchIsHandledTogetherWhereItCanBe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		change          func(env *togetherEnv)
		attempts        [3]int // of the messages of vid_a, vid_a and vid_b
		together, alone []string
		sent            int
	}{
		{"first deliveries", nil, [3]int{1, 1, 1}, []string{"vid_a", "vid_a", "vid_b"}, nil, 3},
		{"a redelivery and its group", nil, [3]int{1, 2, 1}, []string{"vid_b"}, []string{"vid_a", "vid_a"}, 3},
		{
			"what the handler has left", func(env *togetherEnv) { env.left = []string{"vid_a"} }, [3]int{1, 1, 1},
			[]string{"vid_a", "vid_a", "vid_b"}, []string{"vid_a", "vid_a"}, 3,
		},
		{
			"all after a panic", func(env *togetherEnv) { env.panics = true }, [3]int{1, 1, 1},
			[]string{"vid_a", "vid_a", "vid_b"}, []string{"vid_a", "vid_a", "vid_b"}, 3,
		},
		{
			"all if nothing can be sent", func(env *togetherEnv) { env.refusesSends = true }, [3]int{1, 1, 1},
			[]string{"vid_a", "vid_a", "vid_b"}, []string{"vid_a", "vid_b"}, 0, // the second of vid_a waits
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := newTogetherEnv()
			if tt.change != nil {
				tt.change(env)
			}
			_, err := env.HandleBatch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{
				newVideoMessage(t, "vid_a", tt.attempts[0]), newVideoMessage(t, "vid_a", tt.attempts[1]),
				newVideoMessage(t, "vid_b", tt.attempts[2]),
			}})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([][]string{tt.together}, env.together); d != "" {
				t.Errorf("together (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.alone, env.alone); d != "" {
				t.Errorf("alone (-want +got):\n%s", d)
			}
			if len(env.sent) != tt.sent {
				t.Errorf("%d events sent, want %d", len(env.sent), tt.sent)
			}
			if d := cmp.Diff(map[string]int{"vid_a": 202, "vid_b": 101}, env.spans); d != "" {
				t.Errorf("spans started and, in hundreds, ended (-want +got):\n%s", d)
			}
		})
	}
}

func TestInvalidMessageDoesNotDelayItsBatch(t *testing.T) {
	t.Parallel()
	env := newTogetherEnv()
	bad := newVideoMessage(t, "vid_a", 1)
	bad.Body = "{}"
	r, err := env.HandleBatch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{
		bad, newVideoMessage(t, "vid_b", 1),
	}})
	if err != nil || len(r.BatchItemFailures) > 0 || env.deadLettered[bad.MessageId] == "" {
		t.Errorf("%v, %v, dead letters %v", r, err, env.deadLettered)
	}
	if d := cmp.Diff([][]string{{"vid_b"}}, env.together); d != "" {
		t.Errorf("together (-want +got):\n%s", d)
	}
}

// The events that follow continue the traces of their own events, not that of the first one of the batch.
func TestEventsHandledTogetherKeepTheirTraces(t *testing.T) {
	t.Parallel()
	env := newTogetherEnv()
	type key struct{}
	env.StartSpan = func(
		ctx context.Context, _ lambdaevents.SQSMessage, e events.Event,
	) (context.Context, func(error)) {
		return context.WithValue(ctx, key{}, "trace of "+e.Video), func(error) {}
	}
	env.TraceHeader = func(ctx context.Context) string { return ctx.Value(key{}).(string) }
	_, err := env.HandleBatch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{
		newVideoMessage(t, "vid_a", 1), newVideoMessage(t, "vid_b", 1),
	}})
	if err != nil || len(env.sent) != 2 {
		t.Fatalf("%v, %v", env.sent, err)
	}
	for _, e := range env.sent {
		if e.Trace != "trace of "+e.Video {
			t.Errorf("%s has %q", e.Video, e.Trace)
		}
	}
}
