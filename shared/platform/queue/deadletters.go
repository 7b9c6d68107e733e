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
	"sluice/shared/domain/video"
)

// DeadLetterClient is what DeadLetters needs of SQS.
type DeadLetterClient interface {
	ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, opts ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(ctx context.Context, in *sqs.DeleteMessageInput, opts ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
}

// DeadLetterConsumer empties the dead-letter queues. Rights: sqs:ReceiveMessage and sqs:DeleteMessage on them.
type DeadLetterConsumer struct {
	Client DeadLetterClient
	URL    func(service string) string // of a service's dead-letter queue
}

// NewDeadLetterConsumer returns DeadLetters that find the queues in the environment.
func NewDeadLetterConsumer(client DeadLetterClient) DeadLetterConsumer {
	return DeadLetterConsumer{Client: client, URL: func(name string) string { return os.Getenv(services.EnvDeadLetterQueueURL(name)) }}
}

// ConsumeBatch takes up to ten messages out of a service's dead-letter queue, has each filed, and deletes those for which file
// returned nil. It returns how many there were: 0 says that the queue is empty, or nearly so, as it does not wait for
// messages and SQS then asks only some of its servers. What was not filed or not deleted comes again.
func (d DeadLetterConsumer) ConsumeBatch(ctx context.Context, s services.Service, file func(context.Context, video.DeadLetter) error) (n int, err error) {
	const op = "inbox.Take"
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
		if err := file(ctx, newDeadLetter(s, m)); err != nil {
			failed = append(failed, err)
			continue
		}
		if _, err := d.Client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			failed = append(failed, errs.E(op, errs.Transient, err))
		}
	}
	return len(out.Messages), errors.Join(failed...)
}

// newDeadLetter reads a dead letter. One that SQS itself has moved says where it comes from; what else is written beside it
// is its sender's word then, and counts nothing.
func newDeadLetter(s services.Service, m types.Message) video.DeadLetter {
	l := video.DeadLetter{
		Service: s.Name, Group: m.Attributes["MessageGroupId"], Body: aws.ToString(m.Body), State: video.DeadLetterOpen,
		Sent: parseMillis(m.Attributes["SentTimestamp"]),
	}
	message := aws.ToString(m.MessageId)
	note := func(name string) string { return aws.ToString(m.MessageAttributes[name].StringValue) }
	if moved := m.Attributes["DeadLetterQueueSourceArn"] != ""; moved || note(attrCode) == "" {
		l.Kind, l.Code, l.Reason = errs.Internal, string(errAttemptsExhausted.Code), exhaustedReason(s)
		l.Attempts = s.Inbox.MaxReceiveCount()
	} else {
		l.Kind, l.Code, l.Reason = errs.Kind(note(attrKind)), note(attrCode), note(attrReason)
		l.Attempts, _ = strconv.Atoi(note(attrAttempts))
		message = cmp.Or(note(attrMessageID), message)
		l.Sent = parseMillis(cmp.Or(note(attrSentAt), m.Attributes["SentTimestamp"]))
	}
	l.ID = video.DeadLetterID(s.Name, message, l.Sent)
	l.Type, l.Tenant, l.Video = parseEnvelope(l.Body)
	return l
}

// exhaustedReason says of what a message died that nobody has filed.
func exhaustedReason(s services.Service) string {
	return fmt.Sprintf("It was delivered %d times, and no delivery came to an end: %s died of it, or was never let run. Look into its log, then redrive.", s.Inbox.MaxReceiveCount(), s.Name)
}

// parseEnvelope returns what a message's body says of itself, however wrong the rest may be.
func parseEnvelope(body string) (typ, tenant, id string) {
	es, _ := decodeEvents(lambdaevents.SQSMessage{Body: body})
	if len(es) == 0 {
		return "", "", ""
	}
	return truncateText(string(es[0].Type)), truncateText(es[0].Tenant), truncateText(es[0].Video)
}

// parseMillis reads a time as SQS writes it; the zero time if it is none.
func parseMillis(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
