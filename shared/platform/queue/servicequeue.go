package queue

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// ServiceQueueClient has the methods of the SQS client that ServiceQueue needs.
type ServiceQueueClient interface {
	SendMessage(
		ctx context.Context, in *sqs.SendMessageInput, opts ...func(*sqs.Options),
	) (*sqs.SendMessageOutput, error)
	ChangeMessageVisibility(
		ctx context.Context, in *sqs.ChangeMessageVisibilityInput, opts ...func(*sqs.Options),
	) (*sqs.ChangeMessageVisibilityOutput, error)
}

// ServiceQueue is the queue of a service, in all its lanes, and its dead-letter queue.
type ServiceQueue struct {
	Client        ServiceQueueClient
	URLs          []string // one for each lane
	DeadLetterURL string   // of the dead-letter queue
	FIFO          bool
}

// NewServiceQueue returns the queue of a service. Its URLs are in environment variables.
func NewServiceQueue(s services.Service, client ServiceQueueClient) ServiceQueue {
	q := ServiceQueue{
		Client: client, DeadLetterURL: os.Getenv(services.EnvDeadLetterQueueURL(s.Name)), FIFO: s.Inbox.FIFO,
	}
	for _, lane := range s.Queues() {
		q.URLs = append(q.URLs, urlFromEnv(lane.Name))
	}
	return q
}

// urlFromEnv returns the URL of a queue from its environment variable.
func urlFromEnv(queue string) string { return os.Getenv(services.EnvQueueURL(queue)) }

// ChangeVisibility makes SQS deliver a message again after d, not earlier. SQS allows at most twelve hours.
func (q ServiceQueue) ChangeVisibility(ctx context.Context, m lambdaevents.SQSMessage, d time.Duration) error {
	// URL and ARN both end with the queue's name
	name := m.EventSourceARN[strings.LastIndexByte(m.EventSourceARN, ':')+1:]
	i := slices.IndexFunc(q.URLs, func(url string) bool { return path.Base(url) == name })
	_, err := q.Client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.URLs[max(i, 0)], ReceiptHandle: aws.String(m.ReceiptHandle), VisibilityTimeout: int32(d.Seconds()),
	})
	if err != nil {
		return errs.E("queue.ChangeVisibility", errs.Transient, err)
	}
	return nil
}

// Message attributes that describe a dead letter.
const (
	attrKind      = "kind"
	attrCode      = "code"
	attrReason    = "reason"
	attrMessageID = "message_id" // of the original message
	attrSentAt    = "sent_at"    // when the original was sent, in Unix milliseconds
	attrAttempts  = "attempts"
)

// SendToDeadLetterQueue sends the body of a message to the dead-letter queue, with attributes for the reason and the
// original message.
func (q ServiceQueue) SendToDeadLetterQueue(ctx context.Context, m lambdaevents.SQSMessage, reason error) error {
	in := &sqs.SendMessageInput{
		QueueUrl: aws.String(q.DeadLetterURL), MessageBody: aws.String(m.Body),
		MessageAttributes: map[string]types.MessageAttributeValue{},
	}
	for name, value := range map[string]string{
		attrKind: string(errs.KindOf(reason)), attrCode: string(errs.ProblemOf(reason).Code),
		attrReason: DeadLetterReason(reason), attrMessageID: m.MessageId, attrSentAt: m.Attributes["SentTimestamp"],
		attrAttempts: m.Attributes["ApproximateReceiveCount"],
	} {
		if value != "" { // SQS rejects empty attributes
			in.MessageAttributes[name] = types.MessageAttributeValue{
				DataType: aws.String("String"), StringValue: aws.String(value),
			}
		}
	}
	if q.FIFO {
		in.MessageGroupId = aws.String(cmp.Or(m.Attributes["MessageGroupId"], "none"))
		in.MessageDeduplicationId = aws.String(m.MessageId)
	}
	if _, err := q.Client.SendMessage(ctx, in); err != nil {
		return errs.E("queue.SendToDeadLetterQueue", errs.Transient, err)
	}
	return nil
}

// DeadLetterReason returns the reason of a dead letter for operators: the message of err if it has one, the text of
// its cause if it is Invalid, and otherwise only its operation and kind, because the text of an error of another
// package may contain presigned URLs.
func DeadLetterReason(err error) string {
	var e *errs.Error
	switch {
	case !errors.As(err, &e):
		return "an error of no known kind"
	case e.Message != "":
		return e.Message
	case e.Kind == errs.Invalid && e.Err != nil:
		return truncateText(e.Err.Error())
	}
	return e.Op + ": " + string(e.Kind)
}

// truncateText returns at most 500 bytes of s as valid UTF-8, which SQS accepts.
func truncateText(s string) string { return strings.ToValidUTF8(s[:min(len(s), 500)], "") }
