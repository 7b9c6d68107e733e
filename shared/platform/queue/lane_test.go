package queue_test

import (
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/events/examples"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
)

func TestPublisherSendsToLaneQueues(t *testing.T) {
	t.Parallel()
	c := &fakeCloud{}
	old, bulk := examples.ReadEvent("encode.requested.v1/full"), examples.ReadEvent("encode.requested.v1/bulk")
	if err := newTestPublisher("publish", c).Send(t.Context(), bulk, old, bulk); err != nil {
		t.Fatal(err)
	}
	sent := map[string]int{}
	for _, b := range c.batches {
		sent[aws.ToString(b.QueueUrl)] += len(b.Entries)
	}
	if d := cmp.Diff(map[string]int{"https://queue/encode": 1, "https://queue/encode-bulk": 2}, sent); d != "" {
		t.Error(d)
	}
}

// TestChangeVisibilityUsesQueueOfMessage: a receipt handle is valid for one queue.
func TestChangeVisibilityUsesQueueOfMessage(t *testing.T) {
	t.Parallel()
	c := &fakeCloud{}
	q := queue.ServiceQueue{Client: c, URLs: []string{"https://queue/encode", "https://queue/encode-bulk"}}
	for _, arn := range []string{
		"arn:aws:sqs:eu-west-1:123456789012:encode-bulk", "arn:aws:sqs:eu-west-1:123456789012:encode", "",
	} {
		if err := q.ChangeVisibility(
			t.Context(), lambdaevents.SQSMessage{EventSourceARN: arn}, time.Minute,
		); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, in := range c.visibilityChanges {
		got = append(got, aws.ToString(in.QueueUrl))
	}
	if d := cmp.Diff(
		[]string{"https://queue/encode-bulk", "https://queue/encode", "https://queue/encode"}, got,
	); d != "" {
		t.Error(d)
	}
}

func TestRedriveSendsToLaneOfMessage(t *testing.T) {
	t.Parallel()
	c := &fakeCloud{}
	r := queue.Redriver{Client: c, URL: func(queue string) string { return "https://queue/" + queue }}
	body, err := events.Encode(examples.ReadEvent("encode.requested.v1/bulk"))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []string{string(body), "no event"} {
		if err := r.Redrive(t.Context(), video.DeadLetter{Service: "encode", Body: b}); err != nil {
			t.Fatal(err)
		}
	}
	if got := []string{
		*c.messages[0].QueueUrl, *c.messages[1].QueueUrl,
	}; cmp.Diff([]string{"https://queue/encode-bulk", "https://queue/encode"}, got) != "" {
		t.Errorf("sent to %v", got)
	}
}
