package queue

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// Memory is SQS in memory, for tests. It has the methods that senders, consumers and Lambda's pollers use, and
// answers as SQS does, except that it never waits for messages and always returns all attributes. The zero value has
// no queues.
//
// Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference
type Memory struct {
	Now func() time.Time // nil: time.Now
	// shuffles n messages of a standard queue before delivery; nil: as sent
	Shuffle     func(n int, swap func(i, j int))
	ExtraCopies func(queue, body string) (and int) // number of duplicates of a message in a standard queue; nil: none

	mu     sync.Mutex
	queues map[string]*memoryQueue // by URL
	lastID int                     // number of the newest message or receipt
}

// Settings are the settings of a queue.
type Settings struct {
	FIFO              bool          // each group in order, and each deduplication id of a group once in five minutes
	VisibilityTimeout time.Duration // whole seconds
	MaxReceives       int           // deliveries before a message moves to the dead-letter queue; 0: no limit
	DeadLetterURL     string        // of the dead-letter queue
}

type memoryQueue struct {
	Settings
	messages      []*memoryMessage
	sentByDedupID map[string]sentMessage // of a FIFO queue, by group and deduplication id
}

type memoryMessage struct {
	id, body, group, dedup, trace string
	attributes                    map[string]types.MessageAttributeValue
	sentAt, visibleAt             time.Time // visible from visibleAt on
	receiveCount                  int
	movedBySQS                    bool   // to the dead-letter queue
	receipt                       string // of the last delivery
}

type sentMessage struct {
	id string
	at time.Time
}

// dedupInterval is how long a FIFO queue remembers a deduplication id.
const dedupInterval = 5 * time.Minute

// CreateQueue creates a queue and returns its URL.
func (m *Memory) CreateQueue(name string, s Settings) (url string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.queues == nil {
		m.queues = map[string]*memoryQueue{}
	}
	url = "memory://queue/" + name
	m.queues[url] = &memoryQueue{Settings: s, sentByDedupID: map[string]sentMessage{}}
	return url
}

// CountMessages returns the number of messages in a queue, including delivered ones that are not deleted yet.
func (m *Memory) CountMessages(url string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.queues[url].messages)
}

// SendMessage implements the method of [sqs.Client].
func (m *Memory) SendMessage(
	_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options),
) (*sqs.SendMessageOutput, error) {
	q, err := m.lockQueue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	id, err := m.enqueueMessage(q, aws.ToString(in.QueueUrl), types.SendMessageBatchRequestEntry{
		MessageBody: in.MessageBody, DelaySeconds: in.DelaySeconds, MessageAttributes: in.MessageAttributes,
		MessageGroupId: in.MessageGroupId, MessageDeduplicationId: in.MessageDeduplicationId,
		MessageSystemAttributes: in.MessageSystemAttributes,
	})
	if err != nil {
		return nil, err
	}
	return &sqs.SendMessageOutput{MessageId: &id}, nil
}

// SendMessageBatch implements the method of [sqs.Client].
func (m *Memory) SendMessageBatch(
	_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options),
) (*sqs.SendMessageBatchOutput, error) {
	q, err := m.lockQueue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	switch {
	case len(in.Entries) == 0:
		return nil, &types.EmptyBatchRequest{}
	case len(in.Entries) > maxBatchSize:
		return nil, &types.TooManyEntriesInBatchRequest{}
	}
	out := &sqs.SendMessageBatchOutput{}
	for _, e := range in.Entries {
		if id, err := m.enqueueMessage(q, aws.ToString(in.QueueUrl), e); err != nil {
			out.Failed = append(out.Failed,
				types.BatchResultErrorEntry{Id: e.Id, Message: aws.String(err.Error()), SenderFault: true})
		} else {
			out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id, MessageId: &id})
		}
	}
	return out, nil
}

// enqueueMessage adds a message to a queue and returns its id. For a duplicate by its deduplication id it adds
// nothing and returns the id of the first. m is locked.
func (m *Memory) enqueueMessage(q *memoryQueue, url string, e types.SendMessageBatchRequestEntry) (string, error) {
	now := m.currentTime()
	msg := memoryMessage{
		id: m.nextID("message"), body: aws.ToString(e.MessageBody), attributes: e.MessageAttributes,
		group: aws.ToString(e.MessageGroupId), dedup: aws.ToString(e.MessageDeduplicationId),
		trace: aws.ToString(e.MessageSystemAttributes["AWSTraceHeader"].StringValue), sentAt: now,
		visibleAt: now.Add(time.Duration(e.DelaySeconds) * time.Second),
	}
	copies := 1
	switch {
	case q.FIFO && (msg.group == "" || msg.dedup == "" || e.DelaySeconds != 0):
		return "", newInvalidParameter("a message of a FIFO queue has a group, a deduplication id and no delay")
	case q.FIFO:
		k := msg.group + "\x00" + msg.dedup
		if before, ok := q.sentByDedupID[k]; ok && now.Before(before.at.Add(dedupInterval)) {
			return before.id, nil
		}
		q.sentByDedupID[k] = sentMessage{msg.id, now}
	case m.ExtraCopies != nil:
		copies += m.ExtraCopies(url, msg.body)
	}
	for range copies {
		c := msg
		q.messages = append(q.messages, &c)
	}
	return msg.id, nil
}

// lockQueue returns a queue and locks m, unless there is no such queue.
func (m *Memory) lockQueue(url *string) (*memoryQueue, error) {
	m.mu.Lock()
	if q, ok := m.queues[aws.ToString(url)]; ok {
		return q, nil
	}
	m.mu.Unlock()
	return nil, &types.QueueDoesNotExist{}
}

func (m *Memory) nextID(kind string) string {
	m.lastID++
	return fmt.Sprintf("%s-%d", kind, m.lastID)
}

func (m *Memory) currentTime() time.Time {
	if m.Now == nil {
		return time.Now()
	}
	return m.Now()
}

func newInvalidParameter(what string) error {
	return &smithy.GenericAPIError{Code: "InvalidParameterValue", Message: what, Fault: smithy.FaultClient}
}
