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
	queue.Queues
	queue.OwnQueue
	queue.Attributes
	ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, opts ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(ctx context.Context, in *sqs.DeleteMessageInput, opts ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
}

// Cloud makes queues for a test, and lets time pass.
type Cloud struct {
	SQS  SQS
	Make func(t testing.TB, s queue.Settings) (url string) // with a name of its own
	Pass func(time.Duration)
}

// Names of tests that a server may have to be excused from.
const (
	Visible = "what is visible can't be hidden"
	Expired = "an expired receipt deletes nothing of a FIFO queue"
)

// Run runs the suite on the queues of the clouds that open returns. They may be one and the same. Tests that are named
// in except are left out: what a local cloud is known not to do.
func Run(t *testing.T, open func(t testing.TB) Cloud, except ...string) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, c Cloud)
	}{
		{"a message comes as it was sent", messageIsKept},
		{"a message comes again until it is deleted", messageComesAgain},
		{"a message is hidden for as long as one says", messageIsHidden},
		{Visible, visibleIsNotHidden},
		{"a message comes later", messageIsDelayed},
		{"the entries of a batch are messages", batchIsSent},
		{"a batch has ten entries at most", batchIsBounded},
		{"what comes too often is a dead letter", oftenIsDead},
		{"the depth is what waits or is under way", depthIsWhatWaits},
		{"a queue that is not there", queueIsMissing},
		{"a group is in order", groupIsInOrder},
		{"a group waits for its first", groupWaits},
		{"a dead letter frees its group", deadFreesGroup},
		{"the same deduplication id is one message", sameIsOne},
		{"a deduplication id is a group's own", groupsAreApart},
		{Expired, expiredDeletesNothing},
		{"a message without a group is refused", groupIsAsked},
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

// hidden is how long a delivered message is hidden here, and soon less than that.
const hidden, soon = 2 * time.Second, time.Second

// testQueue is one queue and its dead letters.
type testQueue struct {
	Cloud
	t         *testing.T
	url, dead string
	fifo      bool
}

func standard(t *testing.T, c Cloud) testQueue { return open(t, c, false) }

func fifo(t *testing.T, c Cloud) testQueue { return open(t, c, true) }

// open makes a queue that takes what was delivered twice for dead.
func open(t *testing.T, c Cloud, fifo bool) testQueue {
	t.Helper()
	dead := c.Make(t, queue.Settings{FIFO: fifo, Visibility: hidden})
	return testQueue{c, t, c.Make(t, queue.Settings{FIFO: fifo, Visibility: hidden, Receives: 2, Dead: dead}), dead, fifo}
}

// put sends a message: of a FIFO queue in a group and under a deduplication id, its body unless one is given.
func (q testQueue) put(group, body string, dedup ...string) string {
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

func (q testQueue) take(n int) []types.Message {
	q.t.Helper()
	return q.takeFrom(q.url, n)
}

func (q testQueue) takeFrom(url string, n int) []types.Message {
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

// one takes the one message there is.
func (q testQueue) one(body string) types.Message {
	q.t.Helper()
	ms := q.some(1)
	q.same(bodies(ms), []string{body})
	return ms[0]
}

// some takes messages until there are n, or until what was delivered with an answer that is lost would have come again.
func (q testQueue) some(n int) (ms []types.Message) {
	q.t.Helper()
	const pause = soon / 10
	for waited := time.Duration(0); len(ms) < n && waited < hidden+soon; waited += pause {
		if waited > 0 {
			q.Pass(pause)
		}
		ms = append(ms, q.take(10)...)
	}
	return ms
}

func (q testQueue) none() {
	q.t.Helper()
	q.same(bodies(q.take(10)), []string(nil))
}

func (q testQueue) drop(m types.Message) {
	q.t.Helper()
	if _, err := q.SQS.DeleteMessage(q.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
		q.t.Fatal(err)
	}
}

func (q testQueue) hide(m types.Message, d time.Duration) error {
	_, err := q.SQS.ChangeMessageVisibility(q.t.Context(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: int32(d.Seconds()),
	})
	return err
}

func (q testQueue) same(got, want any) {
	q.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		q.t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

func bodies(ms []types.Message) (out []string) {
	for _, m := range ms {
		out = append(out, aws.ToString(m.Body))
	}
	return out
}
