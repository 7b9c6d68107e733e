package queuetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/platform/queue"
)

func messageIsKept(t *testing.T, c Cloud) {
	q := standard(t, c)
	out, err := q.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: &q.url, MessageBody: aws.String("héllo"), MessageGroupId: aws.String("acme"),
		MessageAttributes:       map[string]types.MessageAttributeValue{"reason": {DataType: aws.String("String"), StringValue: aws.String("r")}},
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := q.one("héllo")
	q.same([]string{*m.MessageId, m.Attributes["ApproximateReceiveCount"], m.Attributes["AWSTraceHeader"], *m.MessageAttributes["reason"].StringValue, m.Attributes["DeadLetterQueueSourceArn"], m.Attributes["MessageGroupId"]},
		[]string{*out.MessageId, "1", "Root=1-5759e988-bd862e3fe1be46a994272793", "r", "", "acme"})
}

func messageComesAgain(t *testing.T, c Cloud) {
	q := standard(t, c)
	q.put("", "a")
	first := q.one("a")
	q.none()
	q.Pass(hidden + soon)
	again := q.one("a")
	if again.Attributes["ApproximateReceiveCount"] != "2" || *again.MessageId != *first.MessageId || *again.ReceiptHandle == *first.ReceiptHandle {
		t.Errorf("again as %+v, first as %+v", again, first)
	}
	q.drop(again)
	q.Pass(hidden + soon)
	q.none()
}

func messageIsHidden(t *testing.T, c Cloud) {
	q := standard(t, c)
	q.put("", "a")
	if err := q.hide(q.one("a"), 2*hidden); err != nil {
		t.Fatal(err)
	}
	q.Pass(hidden + soon)
	q.none()
	q.Pass(hidden)
	q.one("a")
}

func visibleIsNotHidden(t *testing.T, c Cloud) {
	q := standard(t, c)
	q.put("", "a")
	m := q.one("a")
	if err := q.hide(m, 0); err != nil {
		t.Fatal(err)
	}
	if err := q.hide(m, hidden); err == nil {
		t.Error("hidden, though it is visible")
	}
	q.one("a")
}

func messageIsDelayed(t *testing.T, c Cloud) {
	q := standard(t, c)
	if _, err := q.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("a"), DelaySeconds: int32(hidden / time.Second)}); err != nil {
		t.Fatal(err)
	}
	q.none()
	q.Pass(hidden + soon)
	q.one("a")
}

func entries(n int) (es []types.SendMessageBatchRequestEntry, bodies []string) {
	for i := range n {
		body := fmt.Sprintf("%02d", i)
		es = append(es, types.SendMessageBatchRequestEntry{Id: &body, MessageBody: &body})
		bodies = append(bodies, body)
	}
	return es, bodies
}

func batchIsSent(t *testing.T, c Cloud) {
	q := standard(t, c)
	es, want := entries(10)
	out, err := q.SQS.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: es})
	if err != nil || len(out.Failed) > 0 || len(out.Successful) != 10 {
		t.Fatalf("%+v, %v", out, err)
	}
	var got []string
	for range 20 { // a call may bring fewer than there are
		got = append(got, bodies(q.take(10))...)
	}
	slices.Sort(got)
	q.same(got, want)
}

func batchIsBounded(t *testing.T, c Cloud) {
	q := standard(t, c)
	for _, n := range []int{0, 11} {
		es, _ := entries(n)
		if _, err := q.SQS.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: es}); err == nil {
			t.Errorf("%d entries were taken", n)
		}
	}
}

func oftenIsDead(t *testing.T, c Cloud) {
	q := standard(t, c)
	id, sent, times := q.put("", "a"), "", 0
	for range 3 {
		for _, m := range q.take(10) {
			sent = m.Attributes["SentTimestamp"]
			times++
		}
		q.Pass(hidden + soon)
	}
	if times == 0 || times > 2 { // an answer that is lost has delivered it too
		t.Errorf("delivered %d times", times)
	}
	dead := q.takeFrom(q.dead, 10)
	q.same(bodies(dead), []string{"a"})
	q.same([]string{*dead[0].MessageId, dead[0].Attributes["SentTimestamp"]}, []string{id, sent})
	if dead[0].Attributes["DeadLetterQueueSourceArn"] == "" || sent == "" {
		t.Errorf("where it comes from, and when it was sent at %q, is not said: %v", sent, dead[0].Attributes)
	}
}

func depthIsWhatWaits(t *testing.T, c Cloud) {
	q := standard(t, c)
	depths := queue.Depths{Client: c.SQS, URL: func(string) string { return q.url }}
	for _, step := range []struct {
		do                func()
		waiting, inFlight int
	}{
		{func() {}, 0, 0},
		{func() { q.put("", "a"); q.put("", "b") }, 2, 0},
		{func() { q.take(1) }, 1, 1},
		{func() { q.Pass(hidden + soon) }, 2, 0},
	} {
		step.do()
		waiting, inFlight, err := depths.Counts(t.Context(), "any")
		if err != nil || waiting != step.waiting || inFlight != step.inFlight {
			t.Errorf("%d and %d, %v, want %d and %d", waiting, inFlight, err, step.waiting, step.inFlight)
		}
		all, err := depths.Depth(t.Context(), "encode")
		if want := 2 * (waiting + inFlight); err != nil || all != want { // its lanes are two, and this is both
			t.Errorf("%d in both lanes, %v, want %d", all, err, want)
		}
	}
}

func queueIsMissing(t *testing.T, c Cloud) {
	url := standard(t, c).url + "-not-there"
	if _, err := c.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("a")}); err == nil {
		t.Error("taken")
	}
	if _, err := c.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url}); err == nil {
		t.Error("delivered")
	}
}
