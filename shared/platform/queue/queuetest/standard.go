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
	"sluice/shared/platform/require"
)

func testMessageRoundTrips(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	out, err := q.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: &q.url, MessageBody: aws.String("héllo"), MessageGroupId: aws.String("acme"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"reason": {DataType: aws.String("String"), StringValue: aws.String("r")},
		},
		MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {
				DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793"),
			},
		},
	})
	require.NoError(q.t, err)
	m := q.receiveOne("héllo")
	require.Equal(q.t,
		[]string{
			*m.MessageId, m.Attributes["ApproximateReceiveCount"], m.Attributes["AWSTraceHeader"],
			*m.MessageAttributes["reason"].StringValue, m.Attributes["DeadLetterQueueSourceArn"],
			m.Attributes["MessageGroupId"],
		},
		[]string{*out.MessageId, "1", "Root=1-5759e988-bd862e3fe1be46a994272793", "r", "", "acme"},
	)
}

func testMessageIsRedeliveredUntilDeleted(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	q.sendMessage("", "a")
	first := q.receiveOne("a")
	q.requireEmpty()
	q.AdvanceTime(visibilityTimeout + timeMargin)
	again := q.receiveOne("a")
	if again.Attributes["ApproximateReceiveCount"] != "2" || *again.MessageId != *first.MessageId ||
		*again.ReceiptHandle == *first.ReceiptHandle {
		t.Errorf("again as %+v, first as %+v", again, first)
	}
	q.deleteMessage(again)
	q.AdvanceTime(visibilityTimeout + timeMargin)
	q.requireEmpty()
}

func testVisibilityTimeoutIsChanged(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	q.sendMessage("", "a")
	require.NoError(q.t, q.changeVisibility(q.receiveOne("a"), 2*visibilityTimeout))
	q.AdvanceTime(visibilityTimeout + timeMargin)
	q.requireEmpty()
	q.AdvanceTime(visibilityTimeout)
	q.receiveOne("a")
}

func testVisibleMessageCannotBeHidden(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	q.sendMessage("", "a")
	m := q.receiveOne("a")
	require.NoError(q.t, q.changeVisibility(m, 0))
	if err := q.changeVisibility(m, visibilityTimeout); err == nil {
		t.Error("the visibility timeout of a visible message was changed")
	}
	q.receiveOne("a")
}

func testMessageIsDelayed(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	_, err := q.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: &q.url, MessageBody: aws.String("a"), DelaySeconds: int32(visibilityTimeout / time.Second),
	})
	require.NoError(q.t, err)
	q.requireEmpty()
	q.AdvanceTime(visibilityTimeout + timeMargin)
	q.receiveOne("a")
}

func newEntries(n int) (es []types.SendMessageBatchRequestEntry, bodies []string) {
	for i := range n {
		body := fmt.Sprintf("%02d", i)
		es = append(es, types.SendMessageBatchRequestEntry{Id: &body, MessageBody: &body})
		bodies = append(bodies, body)
	}
	return es, bodies
}

func testBatchIsSent(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	es, want := newEntries(10)
	out, err := q.SQS.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: es})
	if err != nil || len(out.Failed) > 0 || len(out.Successful) != 10 {
		t.Fatalf("%+v, %v", out, err)
	}
	var got []string
	for range 20 { // a call may bring fewer than there are
		got = append(got, messageBodies(q.receiveMessages(10))...)
	}
	slices.Sort(got)
	require.Equal(q.t, got, want)
}

func testBatchHasTenEntriesAtMost(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	for _, n := range []int{0, 11} {
		es, _ := newEntries(n)
		if _, err := q.SQS.SendMessageBatch(
			t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: es},
		); err == nil {
			t.Errorf("%d entries were accepted", n)
		}
	}
}

func testExhaustedMessageIsDeadLettered(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	id, sent, times := q.sendMessage("", "a"), "", 0
	for range 3 {
		for _, m := range q.receiveMessages(10) {
			sent = m.Attributes["SentTimestamp"]
			times++
		}
		q.AdvanceTime(visibilityTimeout + timeMargin)
	}
	if times == 0 || times > 2 { // an answer that is lost has delivered it too
		t.Errorf("delivered %d times", times)
	}
	dead := q.receiveFrom(q.deadLetterURL, 10)
	require.Equal(q.t, messageBodies(dead), []string{"a"})
	require.Equal(q.t, []string{*dead[0].MessageId, dead[0].Attributes["SentTimestamp"]}, []string{id, sent})
	if dead[0].Attributes["DeadLetterQueueSourceArn"] == "" || sent == "" {
		t.Errorf("without source queue, or the time of sending %q: %v", sent, dead[0].Attributes)
	}
}

func testDepthCountsWaitingAndInFlight(t *testing.T, c Cloud) {
	q := newStandardQueue(t, c)
	depths := queue.DepthReader{Client: c.SQS, URL: func(string) string { return q.url }}
	for _, step := range []struct {
		do                func()
		waiting, inFlight int
	}{
		{func() {}, 0, 0},
		{func() { q.sendMessage("", "a"); q.sendMessage("", "b") }, 2, 0},
		{func() { q.receiveMessages(1) }, 1, 1},
		{func() { q.AdvanceTime(visibilityTimeout + timeMargin) }, 2, 0},
	} {
		step.do()
		waiting, inFlight, err := depths.ReadQueueCounts(t.Context(), "any")
		if err != nil || waiting != step.waiting || inFlight != step.inFlight {
			t.Errorf("%d and %d, %v, want %d and %d", waiting, inFlight, err, step.waiting, step.inFlight)
		}
		all, err := depths.ReadServiceDepth(t.Context(), "encode")
		if want := 2 * (waiting + inFlight); err != nil || all != want { // its lanes are two, and this is both
			t.Errorf("%d in both lanes, %v, want %d", all, err, want)
		}
	}
}

func testMissingQueueIsError(t *testing.T, c Cloud) {
	url := newStandardQueue(t, c).url + "-not-there"
	if _, err := c.SQS.SendMessage(
		t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("a")},
	); err == nil {
		t.Error("sent")
	}
	if _, err := c.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url}); err == nil {
		t.Error("received")
	}
}
