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

// ReceiveMessage implements the method of [sqs.Client]. Delivered messages are invisible for the visibility timeout;
// on a FIFO queue, no other message of their group is delivered meanwhile.
func (m *Memory) ReceiveMessage(
	_ context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options),
) (*sqs.ReceiveMessageOutput, error) {
	q, err := m.lockQueue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	out := &sqs.ReceiveMessageOutput{}
	for _, msg := range m.selectDeliverable(q, int(max(1, in.MaxNumberOfMessages))) {
		msg.receiveCount++
		msg.receipt, msg.visibleAt = m.nextID("receipt"), m.currentTime().Add(q.VisibilityTimeout)
		out.Messages = append(out.Messages, msg.toMessage())
	}
	return out, nil
}

// selectDeliverable returns up to n messages to deliver now. It moves messages that were delivered MaxReceives times
// to the dead-letter queue.
func (m *Memory) selectDeliverable(q *memoryQueue, n int) (due []*memoryMessage) {
	messages, now := slices.Clone(q.messages), m.currentTime()
	if m.Shuffle != nil && !q.FIFO {
		m.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
	}
	held := map[string]bool{} // groups of a FIFO queue with an invisible message
	for _, msg := range messages {
		switch {
		case len(due) == n:
			return due
		case q.FIFO && held[msg.group]:
		case now.Before(msg.visibleAt):
			held[msg.group] = true
		case q.MaxReceives > 0 && msg.receiveCount >= q.MaxReceives:
			q.removeMessage(msg)
			msg.visibleAt, msg.receiveCount, msg.movedBySQS = now, 0, true
			dead := m.queues[q.DeadLetterURL]
			dead.messages = append(dead.messages, msg)
		default:
			due = append(due, msg)
		}
	}
	return due
}

func (m *memoryMessage) toMessage() types.Message {
	system := map[string]string{
		"ApproximateReceiveCount": strconv.Itoa(m.receiveCount),
		"SentTimestamp":           strconv.FormatInt(m.sentAt.UnixMilli(), 10),
	}
	if m.movedBySQS {
		system["DeadLetterQueueSourceArn"] = "arn:memory"
	}
	for name, v := range map[string]string{
		"MessageGroupId": m.group, "MessageDeduplicationId": m.dedup, "AWSTraceHeader": m.trace,
	} {
		if v != "" {
			system[name] = v
		}
	}
	return types.Message{
		MessageId: aws.String(m.id), Body: aws.String(m.body), ReceiptHandle: aws.String(m.receipt),
		Attributes: system, MessageAttributes: m.attributes,
	}
}

// DeleteMessage implements the method of [sqs.Client]. With a receipt handle that is not of the last delivery it
// deletes nothing.
func (m *Memory) DeleteMessage(
	_ context.Context, in *sqs.DeleteMessageInput, _ ...func(*sqs.Options),
) (*sqs.DeleteMessageOutput, error) {
	q, err := m.lockQueue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	if msg, ok := q.findByReceipt(in.ReceiptHandle); ok {
		if q.FIFO && !m.currentTime().Before(msg.visibleAt) {
			return nil, newInvalidParameter("the receipt handle has expired")
		}
		q.removeMessage(msg)
	}
	return &sqs.DeleteMessageOutput{}, nil
}

// ChangeMessageVisibility implements the method of [sqs.Client]. It fails for a message that is not in flight.
func (m *Memory) ChangeMessageVisibility(
	_ context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options),
) (*sqs.ChangeMessageVisibilityOutput, error) {
	q, err := m.lockQueue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	msg, ok := q.findByReceipt(in.ReceiptHandle)
	if !ok || !m.currentTime().Before(msg.visibleAt) {
		return nil, &types.MessageNotInflight{}
	}
	msg.visibleAt = m.currentTime().Add(time.Duration(in.VisibilityTimeout) * time.Second)
	return &sqs.ChangeMessageVisibilityOutput{}, nil
}

// GetQueueAttributes implements the method of [sqs.Client]. It returns the numbers of visible and of invisible
// messages, whichever attributes are requested.
func (m *Memory) GetQueueAttributes(
	_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options),
) (*sqs.GetQueueAttributesOutput, error) {
	q, err := m.lockQueue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	waiting := 0
	for _, msg := range q.messages {
		if !m.currentTime().Before(msg.visibleAt) {
			waiting++
		}
	}
	return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{
		string(types.QueueAttributeNameApproximateNumberOfMessages):           strconv.Itoa(waiting),
		string(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible): strconv.Itoa(len(q.messages) - waiting),
	}}, nil
}

func (q *memoryQueue) findByReceipt(receipt *string) (*memoryMessage, bool) {
	i := slices.IndexFunc(q.messages, func(m *memoryMessage) bool {
		return m.receipt != "" && m.receipt == aws.ToString(receipt)
	})
	if i < 0 {
		return nil, false
	}
	return q.messages[i], true
}

func (q *memoryQueue) removeMessage(m *memoryMessage) {
	q.messages = slices.DeleteFunc(q.messages, func(other *memoryMessage) bool { return other == m })
}
