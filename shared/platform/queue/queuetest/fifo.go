package queuetest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func groupIsInOrder(t *testing.T, c Cloud) {
	q := fifo(t, c)
	for _, body := range []string{"a", "b", "c"} {
		q.put("g", body)
	}
	ms := q.take(2)
	q.same(bodies(ms), []string{"a", "b"})
	q.same([]string{ms[0].Attributes["MessageGroupId"], ms[0].Attributes["MessageDeduplicationId"]}, []string{"g", "a"})
	q.drop(ms[0])
	q.drop(ms[1])
	q.one("c")
}

func groupWaits(t *testing.T, c Cloud) {
	q := fifo(t, c)
	q.put("g", "a")
	first := q.one("a")
	q.put("g", "b")
	q.none()
	q.put("h", "c")
	q.one("c") // another group does not wait
	if err := q.hide(first, 0); err != nil {
		t.Fatal(err)
	}
	q.same(bodies(q.take(10)), []string{"a", "b"})
}

func deadFreesGroup(t *testing.T, c Cloud) {
	q := fifo(t, c)
	q.put("g", "a")
	for range 2 {
		q.one("a")
		q.Pass(hidden + soon)
	}
	q.put("g", "b")
	q.one("b")
	q.same(bodies(q.takeFrom(q.dead, 10)), []string{"a"})
}

func sameIsOne(t *testing.T, c Cloud) {
	q := fifo(t, c)
	id := q.put("g", "a", "x")
	q.drop(q.one("a"))
	if again := q.put("g", "b", "x"); again != id {
		t.Errorf("message %s, want the first, %s", again, id)
	}
	q.none()
}

func groupsAreApart(t *testing.T, c Cloud) {
	q := fifo(t, c)
	q.put("g", "a", "x")
	q.put("h", "b", "x")
	q.same(len(q.some(2)), 2)
}

func expiredDeletesNothing(t *testing.T, c Cloud) {
	q := fifo(t, c)
	q.put("g", "a")
	m := q.one("a")
	q.Pass(hidden + soon)
	if _, err := q.SQS.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle}); err == nil {
		t.Error("deleted by an expired receipt")
	}
	q.one("a")
}

func groupIsAsked(t *testing.T, c Cloud) {
	q := fifo(t, c)
	if _, err := q.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String("a"), MessageDeduplicationId: aws.String("a")}); err == nil {
		t.Error("taken")
	}
}
