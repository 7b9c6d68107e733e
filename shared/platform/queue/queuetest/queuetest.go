// Package inboxtest holds what passes for SQS to one behaviour: that which senders, consumers and Lambda's pollers
// build on.
package queuetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/platform/queue"
)

// SQS is what is tested.
type SQS interface {
	queue.BatchSendClient
	queue.ServiceQueueClient
	queue.AttributesClient
	ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, opts ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(ctx context.Context, in *sqs.DeleteMessageInput, opts ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
}

// Cloud makes queues for a test, and lets time pass.
type Cloud struct {
	SQS         SQS
	CreateQueue func(t testing.TB, s queue.Settings) (url string) // with a name of its own
	AdvanceTime func(time.Duration)
}

// Names of tests that a server may have to be excused from.
const (
	VisibleMessageTest = "what is visible can't be hidden"
	ExpiredReceiptTest = "an expired receipt deletes nothing of a FIFO queue"
)

// Run runs the suite on the queues of the clouds that open returns. They may be one and the same. Tests that are named
// in except are left out: what a local cloud is known not to do.
func Run(t *testing.T, open func(t testing.TB) Cloud, except ...string) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, c Cloud)
	}{
		{"a message comes as it was sent", testMessageRoundTrips},
		{"a message comes again until it is deleted", testMessageIsRedeliveredUntilDeleted},
		{"a message is hidden for as long as one says", testVisibilityTimeoutIsChanged},
		{VisibleMessageTest, testVisibleMessageCannotBeHidden},
		{"a message comes later", testMessageIsDelayed},
		{"the entries of a batch are messages", testBatchIsSent},
		{"a batch has ten entries at most", testBatchHasTenEntriesAtMost},
		{"what comes too often is a dead letter", testExhaustedMessageIsDeadLettered},
		{"the depth is what waits or is under way", testDepthCountsWaitingAndInFlight},
		{"a queue that is not there", testMissingQueueIsError},
		{"a group is in order", testGroupIsInOrder},
		{"a group waits for its first", testGroupWaitsForItsFirst},
		{"a dead letter frees its group", testDeadLetterFreesGroup},
		{"the same deduplication id is one message", testDuplicateIsSentOnce},
		{"a deduplication id is a group's own", testDeduplicationIsPerGroup},
		{ExpiredReceiptTest, testExpiredReceiptDeletesNothing},
		{"a message without a group is refused", testMissingGroupIsRejected},
	} {
		if slices.Contains(except, tt.name) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, open(t))
		})
	}
}

// visibilityTimeout is how long a delivered message is hidden here, and soon less than that.
const visibilityTimeout, timeMargin = 2 * time.Second, time.Second

// testQueue is one queue and its dead letters.
type testQueue struct {
	Cloud
	t                  *testing.T
	url, deadLetterURL string
	fifo               bool
}

func newStandardQueue(t *testing.T, c Cloud) testQueue { return newTestQueue(t, c, false) }

func newFIFOQueue(t *testing.T, c Cloud) testQueue { return newTestQueue(t, c, true) }

// newTestQueue makes a queue that takes what was delivered twice for dead.
func newTestQueue(t *testing.T, c Cloud, fifo bool) testQueue {
	t.Helper()
	dead := c.CreateQueue(t, queue.Settings{FIFO: fifo, VisibilityTimeout: visibilityTimeout})
	return testQueue{c, t, c.CreateQueue(t, queue.Settings{FIFO: fifo, VisibilityTimeout: visibilityTimeout, MaxReceives: 2, DeadLetterURL: dead}), dead, fifo}
}

// sendMessage sends a message: of a FIFO queue in a group and under a deduplication id, its body unless one is given.
func (q testQueue) sendMessage(group, body string, dedup ...string) string {
	q.t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body}
	if q.fifo {
		in.MessageGroupId, in.MessageDeduplicationId = &group, &append(dedup, body)[0]
	}
	out, err := q.SQS.SendMessage(q.t.Context(), in)
	if err != nil {
		q.t.Fatal(err)
	}
	return aws.ToString(out.MessageId)
}

func (q testQueue) receiveMessages(n int) []types.Message {
	q.t.Helper()
	return q.receiveFrom(q.url, n)
}

func (q testQueue) receiveFrom(url string, n int) []types.Message {
	q.t.Helper()
	out, err := q.SQS.ReceiveMessage(q.t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: int32(n), MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		q.t.Fatal(err)
	}
	return out.Messages
}

// receiveOne takes the one message there is.
func (q testQueue) receiveOne(body string) types.Message {
	q.t.Helper()
	ms := q.receiveUntil(1)
	q.requireEqual(messageBodies(ms), []string{body})
	return ms[0]
}

// receiveUntil takes messages until there are n, or until what was delivered with an answer that is lost would have come again.
func (q testQueue) receiveUntil(n int) (ms []types.Message) {
	q.t.Helper()
	const pause = timeMargin / 10
	for waited := time.Duration(0); len(ms) < n && waited < visibilityTimeout+timeMargin; waited += pause {
		if waited > 0 {
			q.AdvanceTime(pause)
		}
		ms = append(ms, q.receiveMessages(10)...)
	}
	return ms
}

func (q testQueue) requireEmpty() {
	q.t.Helper()
	q.requireEqual(messageBodies(q.receiveMessages(10)), []string(nil))
}

func (q testQueue) deleteMessage(m types.Message) {
	q.t.Helper()
	if _, err := q.SQS.DeleteMessage(q.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
		q.t.Fatal(err)
	}
}

func (q testQueue) changeVisibility(m types.Message, d time.Duration) error {
	_, err := q.SQS.ChangeMessageVisibility(q.t.Context(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: int32(d.Seconds()),
	})
	return err
}

func (q testQueue) requireEqual(got, want any) {
	q.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		q.t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

func messageBodies(ms []types.Message) (out []string) {
	for _, m := range ms {
		out = append(out, aws.ToString(m.Body))
	}
	return out
}
