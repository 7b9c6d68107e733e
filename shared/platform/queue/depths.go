package queue

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// Attributes is what Depths needs of SQS.
type Attributes interface {
	GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, opts ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// Depths reads how many messages wait. Rights: sqs:GetQueueAttributes on the inboxes.
type Depths struct {
	Client Attributes
	URL    func(queue string) string
}

// NewDepths returns Depths that find the queues in the environment.
func NewDepths(client Attributes) Depths {
	return Depths{Client: client, URL: inboxURL}
}

// Depth returns how many messages a service's inbox has, in all its lanes, those that are being handled or wait for
// another attempt among them: about, as SQS says.
func (d Depths) Depth(ctx context.Context, service string) (depth int, err error) {
	s, _ := services.Lookup(service)
	for _, q := range s.Queues() {
		waiting, inFlight, err := d.Counts(ctx, q.Name)
		if err != nil {
			return 0, err
		}
		depth += waiting + inFlight
	}
	return depth, nil
}

// Counts returns how many messages of a queue wait, and how many are being handled or wait for another attempt: about
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
func (d Depths) Counts(ctx context.Context, queue string) (waiting, inFlight int, err error) {
	const op = "inbox.Counts"
	names := []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible}
	out, err := d.Client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(d.URL(queue)), AttributeNames: names})
	if err != nil {
		return 0, 0, errs.E(op, errs.Transient, err)
	}
	var n [2]int
	for i, name := range names {
		if n[i], err = strconv.Atoi(out.Attributes[string(name)]); err != nil {
			return 0, 0, errs.E(op, errs.Internal, err)
		}
	}
	return n[0], n[1], nil
}
