package queue

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path"
	"strings"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// ServiceQueueClient is what Queue needs of SQS.
type ServiceQueueClient interface {
	SendMessage(ctx context.Context, in *sqs.SendMessageInput, opts ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, opts ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error)
}

// ServiceQueue is a service's own inbox and its dead letters.
type ServiceQueue struct {
	Client        ServiceQueueClient
	URLs          []string // of the inbox, one for each lane
	DeadLetterURL string   // URL of the dead-letter queue
	FIFO          bool
}

// NewServiceQueue returns a service's queue, found in the environment.
func NewServiceQueue(s services.Service, client ServiceQueueClient) ServiceQueue {
	q := ServiceQueue{Client: client, DeadLetterURL: os.Getenv(services.EnvDeadLetterQueueURL(s.Name)), FIFO: s.Inbox.FIFO}
	for _, lane := range s.Queues() {
		q.URLs = append(q.URLs, urlFromEnv(lane.Name))
	}
	return q
}

// urlFromEnv returns the URL of a queue, found in the environment.
func urlFromEnv(queue string) string { return os.Getenv(services.EnvQueueURL(queue)) }

// sourceURL returns the URL of the queue that a message came from: its name ends both that and the ARN.
func (q ServiceQueue) sourceURL(m lambdaevents.SQSMessage) string {
	name := m.EventSourceARN[strings.LastIndexByte(m.EventSourceARN, ':')+1:]
	for _, url := range q.URLs {
		if path.Base(url) == name {
			return url
		}
	}
	return q.URLs[0]
}

// ChangeVisibility keeps a message from being delivered again for d, at most SQS's twelve hours.
func (q ServiceQueue) ChangeVisibility(ctx context.Context, m lambdaevents.SQSMessage, d time.Duration) error {
	_, err := q.Client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: aws.String(q.sourceURL(m)), ReceiptHandle: aws.String(m.ReceiptHandle), VisibilityTimeout: int32(d.Seconds()),
	})
	if err != nil {
		return errs.E("inbox.Hide", errs.Transient, err)
	}
	return nil
}

// Names of what is noted beside a dead letter, as attributes of the message.
const (
	attrKind      = "kind"
	attrCode      = "code"
	attrReason    = "reason"
	attrMessageID = "message_id" // of the message that it was
	attrSentAt    = "sent_at"    // when that was sent, in Unix milliseconds
	attrAttempts  = "attempts"
)

// SendToDeadLetterQueue sends the message as it came, with notes of why, and of what it was.
func (q ServiceQueue) SendToDeadLetterQueue(ctx context.Context, m lambdaevents.SQSMessage, reason error) error {
	in := &sqs.SendMessageInput{QueueUrl: aws.String(q.DeadLetterURL), MessageBody: aws.String(m.Body), MessageAttributes: map[string]types.MessageAttributeValue{}}
	for name, value := range map[string]string{
		attrKind: string(errs.KindOf(reason)), attrCode: string(errs.ProblemOf(reason).Code), attrReason: DeadLetterReason(reason),
		attrMessageID: m.MessageId, attrSentAt: m.Attributes["SentTimestamp"], attrAttempts: m.Attributes["ApproximateReceiveCount"],
	} {
		if value != "" { // SQS refuses those
			in.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
		}
	}
	if q.FIFO {
		in.MessageGroupId = aws.String(cmp.Or(m.Attributes["MessageGroupId"], "none"))
		in.MessageDeduplicationId = aws.String(m.MessageId)
	}
	if _, err := q.Client.SendMessage(ctx, in); err != nil {
		return errs.E("inbox.Bury", errs.Transient, err)
	}
	return nil
}

// DeadLetterReason returns what may be written beside a dead letter: our own sentence where there is one, our own text for what
// is Invalid, else only where it failed. A foreign error's text may hold signed URLs.
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

// truncateText bounds what a sender can make us write, to text that SQS takes.
func truncateText(s string) string { return strings.ToValidUTF8(s[:min(len(s), 500)], "") }
