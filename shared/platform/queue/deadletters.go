package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/urlrights"
	"sluice/shared/domain/video"
)

// DeadLetterClient has the methods of the SQS client that DeadLetterConsumer needs.
type DeadLetterClient interface {
	ReceiveMessage(
		ctx context.Context, in *sqs.ReceiveMessageInput, opts ...func(*sqs.Options),
	) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(
		ctx context.Context, in *sqs.DeleteMessageInput, opts ...func(*sqs.Options),
	) (*sqs.DeleteMessageOutput, error)
}

// DeadLetterConsumer empties the dead-letter queues. It needs sqs:ReceiveMessage and sqs:DeleteMessage on them.
type DeadLetterConsumer struct {
	Client DeadLetterClient
	URL    func(service string) string // returns the URL of a service's dead-letter queue
}

// NewDeadLetterConsumer returns a DeadLetterConsumer that takes the URLs from environment variables.
func NewDeadLetterConsumer(client DeadLetterClient) DeadLetterConsumer {
	return DeadLetterConsumer{Client: client, URL: func(name string) string {
		return os.Getenv(services.EnvDeadLetterQueueURL(name))
	}}
}

// ConsumeBatch receives up to ten messages from a service's dead-letter queue, calls save for each, and deletes those
// for which save returned nil. SQS delivers the others again. It returns the number of messages received: 0 if the
// queue is empty or nearly so (it does not wait, and SQS then asks only some of its servers).
func (d DeadLetterConsumer) ConsumeBatch(
	ctx context.Context, s services.Service, save func(context.Context, video.DeadLetter) error,
) (n int, err error) {
	const op = "queue.ConsumeBatch"
	url := d.URL(s.Name)
	out, err := d.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: maxBatchSize, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return 0, errs.E(op, errs.Transient, err)
	}
	var failed []error
	for _, m := range out.Messages {
		if err := save(ctx, newDeadLetter(s, m)); err != nil {
			failed = append(failed, err)
			continue
		}
		if _, err := d.Client.DeleteMessage(
			ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle},
		); err != nil {
			failed = append(failed, errs.E(op, errs.Transient, err))
		}
	}
	return len(out.Messages), errors.Join(failed...)
}

// newDeadLetter returns the dead letter of a message. If SQS moved the message by itself (it then has the attribute
// DeadLetterQueueSourceArn), its other attributes are ignored, because the sender of the message chose them.
func newDeadLetter(s services.Service, m types.Message) video.DeadLetter {
	l := video.DeadLetter{
		Service: s.Name, Group: m.Attributes["MessageGroupId"], Body: aws.ToString(m.Body), State: video.DeadLetterOpen,
		Sent: parseMillis(m.Attributes["SentTimestamp"]),
	}
	messageID := aws.ToString(m.MessageId)
	attribute := func(name string) string { return aws.ToString(m.MessageAttributes[name].StringValue) }
	if moved := m.Attributes["DeadLetterQueueSourceArn"] != ""; moved || attribute(attrCode) == "" {
		l.Kind, l.Code, l.Reason = errs.Internal, string(errAttemptsExhausted.Code), fmt.Sprintf(
			"It was delivered %d times, and %s never finished: the function crashed, or it was throttled. Look at its log, then redrive.",
			s.Inbox.MaxReceiveCount(), s.Name,
		)
		l.Attempts = s.Inbox.MaxReceiveCount()
	} else {
		l.Kind, l.Code, l.Reason = errs.Kind(attribute(attrKind)), attribute(attrCode), attribute(attrReason)
		l.Attempts, _ = strconv.Atoi(attribute(attrAttempts))
		messageID = cmp.Or(attribute(attrMessageID), messageID)
		l.Sent = parseMillis(cmp.Or(attribute(attrSentAt), m.Attributes["SentTimestamp"]))
	}
	l.ID = video.DeadLetterID(s.Name, messageID, l.Sent)
	l.Body, l.URLShortened = urlrights.Remove(l.Body)
	l.Reason, _ = urlrights.Remove(l.Reason) // an error may quote what is invalid in a message
	// as far as an invalid one can be read
	if es, _ := decodeEvents(lambdaevents.SQSMessage{Body: l.Body}); len(es) > 0 {
		l.Type, l.Tenant, l.Video = truncateText(string(es[0].Type)), truncateText(
			es[0].Tenant,
		), truncateText(es[0].Video)
	}
	return l
}

// parseMillis returns the time of Unix milliseconds, as SQS writes them; the zero time if s is no number.
func parseMillis(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
