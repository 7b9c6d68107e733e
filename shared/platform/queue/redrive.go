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
)

// SendClient is what Redriver needs of SQS.
type SendClient interface {
	SendMessage(ctx context.Context, in *sqs.SendMessageInput, opts ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// Redriver sends dead letters again. Right: sqs:SendMessage on the inboxes.
type Redriver struct {
	Client SendClient
	URL    func(queue string) string
}

// NewRedriver returns a Redriver that finds the queues in the environment.
func NewRedriver(client SendClient) Redriver {
	return Redriver{Client: client, URL: urlFromEnv}
}

// Redrive sends the body of a letter to the inbox that it came to, as a new message: in the same lane and group and, on
// a FIFO inbox, with a deduplication id of this redrive's own, so that SQS takes it again, and once. Conflict, code
// inbox_gone: there is no such inbox any more; letter_of_producer: it was sent by a producer, whose name counts and is
// not ours.
func (r Redriver) Redrive(ctx context.Context, l video.DeadLetter) error {
	const op = "inbox.Redrive"
	s, ok := services.Lookup(l.Service)
	if !ok || s.Inbox == nil {
		return errs.New(op, errs.Conflict, "inbox_gone", "The service that this letter was for has no inbox any more; discard it.")
	}
	if l.Service == services.FindDestination(string(events.UploadRequested)) {
		return errs.New(op, errs.Conflict, "letter_of_producer", "A producer has sent this, and nobody else can in its name; let it send the message again, and discard the letter.")
	}
	e, _ := events.Decode([]byte(l.Body)) // what is no event names no lane
	in := &sqs.SendMessageInput{QueueUrl: aws.String(r.URL(s.QueueForLane(e.Lane()).Name)), MessageBody: aws.String(l.Body)}
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
