// Package queuetest is the test suite of implementations of SQS: queue.Memory and local clouds. It checks the
// behaviour that senders, consumers and Lambda's pollers rely on.
package queuetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/platform/queue"
	"sluice/shared/platform/require"
)

// SQS has the methods of the SQS client that the suite tests.
type SQS interface {
	queue.BatchSendClient
	queue.ServiceQueueClient
	queue.AttributesClient
	ReceiveMessage(
		ctx context.Context, in *sqs.ReceiveMessageInput, opts ...func(*sqs.Options),
	) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(
		ctx context.Context, in *sqs.DeleteMessageInput, opts ...func(*sqs.Options),
	) (*sqs.DeleteMessageOutput, error)
}

// Cloud creates queues for a test and advances time.
type Cloud struct {
	SQS         SQS
	CreateQueue func(t testing.TB, s queue.Settings) (url string) // with a new name
	AdvanceTime func(time.Duration)
}

// Names of tests that Run may leave out, because local clouds are known to fail them.
const (
	VisibleMessageTest = "what is visible can't be hidden"
	ExpiredReceiptTest = "an expired receipt deletes nothing of a FIFO queue"
)

// Run runs the suite on the clouds that open returns, without the tests named in except. open may always return the
// same cloud.
func Run(t *testing.T, open func(t testing.TB) Cloud, except ...string) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, c Cloud)
	}{
		{"a message is received as it was sent", testMessageRoundTrips},
		{"a message is redelivered until it is deleted", testMessageIsRedeliveredUntilDeleted},
		{"a visibility timeout is changed", testVisibilityTimeoutIsChanged},
		{VisibleMessageTest, testVisibleMessageCannotBeHidden},
		{"a message is delayed", testMessageIsDelayed},
		{"a batch is sent", testBatchIsSent},
		{"a batch has ten entries at most", testBatchHasTenEntriesAtMost},
		{"a message that is received too often is dead-lettered", testExhaustedMessageIsDeadLettered},
		{"the depth counts waiting and in-flight messages", testDepthCountsWaitingAndInFlight},
		{"a missing queue is an error", testMissingQueueIsError},
		{"a group is in order", testGroupIsInOrder},
		{"a group waits for its first message", testGroupWaitsForItsFirst},
		{"a dead letter frees its group", testDeadLetterFreesGroup},
		{"a duplicate is sent once", testDuplicateIsSentOnce},
		{"deduplication is per group", testDeduplicationIsPerGroup},
		{ExpiredReceiptTest, testExpiredReceiptDeletesNothing},
		{"a message without a group is rejected", testMissingGroupIsRejected},
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

// visibilityTimeout is that of all queues of the suite. timeMargin is a shorter time.
const visibilityTimeout, timeMargin = 2 * time.Second, time.Second

// testQueue is a queue and its dead-letter queue.
type testQueue struct {
	Cloud
	t                  *testing.T
	url, deadLetterURL string
	fifo               bool
}

func newStandardQueue(t *testing.T, c Cloud) testQueue { return newTestQueue(t, c, false) }
func newFIFOQueue(t *testing.T, c Cloud) testQueue     { return newTestQueue(t, c, true) }

// newTestQueue creates a queue that moves messages to its dead-letter queue after two deliveries.
func newTestQueue(t *testing.T, c Cloud, fifo bool) testQueue {
	t.Helper()
	dead := c.CreateQueue(t, queue.Settings{FIFO: fifo, VisibilityTimeout: visibilityTimeout})
	return testQueue{
		c, t,
		c.CreateQueue(t,
			queue.Settings{FIFO: fifo, VisibilityTimeout: visibilityTimeout, MaxReceives: 2, DeadLetterURL: dead}),
		dead, fifo,
	}
}

// sendMessage sends a message and returns its id. On a FIFO queue the message has a group and a deduplication id,
// which is body unless dedup is given.
func (q testQueue) sendMessage(group, body string, dedup ...string) string {
	q.t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &body}
	if q.fifo {
		in.MessageGroupId, in.MessageDeduplicationId = &group, &append(dedup, body)[0]
	}
	out, err := q.SQS.SendMessage(q.t.Context(), in)
	require.NoError(q.t, err)
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
	require.NoError(q.t, err)
	return out.Messages
}

// receiveOne receives the only message of a queue, which must have this body.
func (q testQueue) receiveOne(body string) types.Message {
	q.t.Helper()
	ms := q.receiveUntil(1, 10)
	require.Equal(q.t, messageBodies(ms), []string{body})
	return ms[0]
}

// receiveUntil receives messages, up to batch in a call, until there are n. It stops after the time in which messages
// of a lost answer would be delivered again.
func (q testQueue) receiveUntil(n, batch int) (ms []types.Message) {
	q.t.Helper()
	const pause = timeMargin / 10
	for waited := time.Duration(0); len(ms) < n && waited < visibilityTimeout+timeMargin; waited += pause {
		if waited > 0 {
			q.AdvanceTime(pause)
		}
		ms = append(ms, q.receiveMessages(batch)...)
	}
	return ms
}

func (q testQueue) requireEmpty() {
	q.t.Helper()
	require.Equal(q.t, messageBodies(q.receiveMessages(10)), []string(nil))
}

func (q testQueue) deleteMessage(m types.Message) {
	q.t.Helper()
	_, err := q.SQS.DeleteMessage(q.t.Context(),
		&sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle})
	require.NoError(q.t, err)
}

func (q testQueue) changeVisibility(m types.Message, d time.Duration) error {
	_, err := q.SQS.ChangeMessageVisibility(q.t.Context(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: int32(d.Seconds()),
	})
	return err
}

func messageBodies(ms []types.Message) (out []string) {
	for _, m := range ms {
		out = append(out, aws.ToString(m.Body))
	}
	return out
}
