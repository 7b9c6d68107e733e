package queue

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/trace"
)

// SendClient has the methods of the SQS client that Redriver needs.
type SendClient interface {
	SendMessage(
		ctx context.Context, in *sqs.SendMessageInput, opts ...func(*sqs.Options),
	) (*sqs.SendMessageOutput, error)
}

// Redriver sends dead letters to the queue that they came from. It needs sqs:SendMessage on the queues.
type Redriver struct {
	Client     SendClient
	URL        func(queue string) string
	LimitLinks func(ctx context.Context, stored string) string // as in Publisher; nil: no header
}

// NewRedriver returns a Redriver that takes the URLs from environment variables.
func NewRedriver(client SendClient) Redriver {
	return Redriver{Client: client, URL: urlFromEnv, LimitLinks: new(trace.LinkLimiter).LimitLinks}
}

// Redrive sends the body of a dead letter as a new message to the queue that it came from, in the same lane and
// group. On a FIFO queue the deduplication id contains the number of the redrive, so that SQS accepts each redrive
// once. Conflict, code inbox_gone: the service has no queue any more. Conflict, code letter_of_producer: a producer
// sent the message; the receiver checks the sender's identity, so a redrive by Sluice would be rejected.
func (r Redriver) Redrive(ctx context.Context, l video.DeadLetter) error {
	const op = "queue.Redrive"
	s, ok := services.Lookup(l.Service)
	if !ok || s.Inbox == nil {
		return errs.New(op, errs.Conflict, "inbox_gone",
			"The service that this dead letter was for has no inbox any more; discard it.")
	}
	if l.Service == services.FindDestination(string(events.UploadRequested)) {
		return errs.New(op, errs.Conflict, "letter_of_producer",
			"A producer has sent this, and nobody else can in its name; let it send the message again, and discard this one.")
	}
	e, _ := events.Decode([]byte(l.Body)) // an invalid event has the default lane
	in := &sqs.SendMessageInput{
		QueueUrl: aws.String(r.URL(s.QueueForLane(e.Lane()).Name)), MessageBody: aws.String(l.Body),
	}
	if r.LimitLinks != nil {
		in.MessageSystemAttributes = traceAttribute(r.LimitLinks(ctx, e.Trace))
	}
	switch {
	case s.Inbox.FIFO:
		in.MessageGroupId = aws.String(cmp.Or(l.Group, "none"))
		in.MessageDeduplicationId = aws.String(fmt.Sprintf("%s.%d", l.ID, l.Redrives+1))
	case s.Inbox.FairShare && l.Tenant != "":
		in.MessageGroupId = aws.String(l.Tenant)
	}
	if _, err := r.Client.SendMessage(ctx, in); err != nil {
		return errs.E(op, errs.Transient, err)
	}
	return nil
}
