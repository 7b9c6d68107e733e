package queuetest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/shared/platform/require"
)

func testGroupIsInOrder(t *testing.T, c Cloud) {
	q := newFIFOQueue(t, c)
	for _, body := range []string{"a", "b", "c"} {
		q.sendMessage("g", body)
	}
	ms := q.receiveUntil(2, 2)
	require.Equal(q.t, messageBodies(ms), []string{"a", "b"})
	require.Equal(q.t, []string{ms[0].Attributes["MessageGroupId"], ms[0].Attributes["MessageDeduplicationId"]},
		[]string{"g", "a"})
	q.deleteMessage(ms[0])
	q.deleteMessage(ms[1])
	q.receiveOne("c")
}

func testGroupWaitsForItsFirst(t *testing.T, c Cloud) {
	q := newFIFOQueue(t, c)
	q.sendMessage("g", "a")
	first := q.receiveOne("a")
	q.sendMessage("g", "b")
	q.requireEmpty()
	q.sendMessage("h", "c")
	q.receiveOne("c") // another group does not wait
	require.NoError(q.t, q.changeVisibility(first, 0))
	require.Equal(q.t, messageBodies(q.receiveUntil(2, 10)), []string{"a", "b"})
}

func testDeadLetterFreesGroup(t *testing.T, c Cloud) {
	q := newFIFOQueue(t, c)
	q.sendMessage("g", "a")
	for range 2 {
		q.receiveOne("a")
		q.AdvanceTime(visibilityTimeout + timeMargin)
	}
	q.sendMessage("g", "b")
	q.receiveOne("b")
	require.Equal(q.t, messageBodies(q.receiveFrom(q.deadLetterURL, 10)), []string{"a"})
}

func testDuplicateIsSentOnce(t *testing.T, c Cloud) {
	q := newFIFOQueue(t, c)
	id := q.sendMessage("g", "a", "x")
	q.deleteMessage(q.receiveOne("a"))
	if again := q.sendMessage("g", "b", "x"); again != id {
		t.Errorf("message %s, want the first, %s", again, id)
	}
	q.requireEmpty()
}

func testDeduplicationIsPerGroup(t *testing.T, c Cloud) {
	q := newFIFOQueue(t, c)
	q.sendMessage("g", "a", "x")
	q.sendMessage("h", "b", "x")
	require.Equal(q.t, len(q.receiveUntil(2, 10)), 2)
}

func testExpiredReceiptDeletesNothing(t *testing.T, c Cloud) {
	q := newFIFOQueue(t, c)
	q.sendMessage("g", "a")
	m := q.receiveOne("a")
	q.AdvanceTime(visibilityTimeout + timeMargin)
	if _, err := q.SQS.DeleteMessage(
		t.Context(), &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle},
	); err == nil {
		t.Error("deleted by an expired receipt")
	}
	q.receiveOne("a")
}

func testMissingGroupIsRejected(t *testing.T, c Cloud) {
	q := newFIFOQueue(t, c)
	if _, err := q.SQS.SendMessage(
		t.Context(),
		&sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("a"), MessageDeduplicationId: aws.String("a")},
	); err == nil {
		t.Error("sent")
	}
}
