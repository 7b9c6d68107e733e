package queue

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// ReceiveMessage does as SQS's: what was delivered is hidden for a while, on a FIFO queue with all of its group.
func (m *Memory) ReceiveMessage(_ context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, err := m.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	out := &sqs.ReceiveMessageOutput{}
	for _, l := range m.due(q, int(max(1, in.MaxNumberOfMessages))) {
		l.receives++
		l.receipt, l.visible = m.next("receipt"), m.now().Add(q.Visibility)
		out.Messages = append(out.Messages, l.message())
	}
	return out, nil
}

// due returns the messages to deliver now, at most n, and moves those that were delivered often enough.
func (m *Memory) due(q *memoryQueue, n int) (due []*letter) {
	letters, now := slices.Clone(q.letters), m.now()
	if m.Shuffle != nil && !q.FIFO {
		m.Shuffle(len(letters), func(i, j int) { letters[i], letters[j] = letters[j], letters[i] })
	}
	held := map[string]bool{} // groups of a FIFO queue
	for _, l := range letters {
		switch {
		case len(due) == n:
			return due
		case q.FIFO && held[l.group]:
		case now.Before(l.visible):
			held[l.group] = true
		case q.Receives > 0 && l.receives >= q.Receives:
			q.drop(l)
			l.visible, l.receives, l.moved = now, 0, true
			dead := m.queues[q.Dead]
			dead.letters = append(dead.letters, l)
		default:
			due = append(due, l)
		}
	}
	return due
}

func (l *letter) message() types.Message {
	system := map[string]string{"ApproximateReceiveCount": strconv.Itoa(l.receives), "SentTimestamp": strconv.FormatInt(l.sent.UnixMilli(), 10)}
	if l.moved {
		system["DeadLetterQueueSourceArn"] = "arn:memory"
	}
	for name, v := range map[string]string{"MessageGroupId": l.group, "MessageDeduplicationId": l.dedup, "AWSTraceHeader": l.trace} {
		if v != "" {
			system[name] = v
		}
	}
	return types.Message{MessageId: aws.String(l.id), Body: aws.String(l.body), ReceiptHandle: aws.String(l.receipt), Attributes: system, MessageAttributes: l.attributes}
}

// DeleteMessage does as SQS's: with the receipt of a delivery that was not the last it deletes nothing.
func (m *Memory) DeleteMessage(_ context.Context, in *sqs.DeleteMessageInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, err := m.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if l, ok := q.delivered(in.ReceiptHandle); ok {
		if q.FIFO && !m.now().Before(l.visible) {
			return nil, wrong("the receipt handle has expired")
		}
		q.drop(l)
	}
	return &sqs.DeleteMessageOutput{}, nil
}

// ChangeMessageVisibility does as SQS's: it refuses what is not in flight.
func (m *Memory) ChangeMessageVisibility(_ context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, err := m.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	l, ok := q.delivered(in.ReceiptHandle)
	if !ok || !m.now().Before(l.visible) {
		return nil, &types.MessageNotInflight{}
	}
	l.visible = m.now().Add(time.Duration(in.VisibilityTimeout) * time.Second)
	return &sqs.ChangeMessageVisibilityOutput{}, nil
}

// GetQueueAttributes answers with how many messages wait and how many are hidden, whichever attributes are asked for.
func (m *Memory) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, err := m.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	waiting := 0
	for _, l := range q.letters {
		if !m.now().Before(l.visible) {
			waiting++
		}
	}
	return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{
		string(types.QueueAttributeNameApproximateNumberOfMessages):           strconv.Itoa(waiting),
		string(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible): strconv.Itoa(len(q.letters) - waiting),
	}}, nil
}

func (q *memoryQueue) delivered(receipt *string) (*letter, bool) {
	i := slices.IndexFunc(q.letters, func(l *letter) bool { return l.receipt != "" && l.receipt == aws.ToString(receipt) })
	if i < 0 {
		return nil, false
	}
	return q.letters[i], true
}

func (q *memoryQueue) drop(l *letter) {
	q.letters = slices.DeleteFunc(q.letters, func(o *letter) bool { return o == l })
}
