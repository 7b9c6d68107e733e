package inbox

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/video"
)

// Attributes is what Depths needs of SQS.
type Attributes interface {
	GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, opts ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// Depths reads how many messages wait. Rights: sqs:GetQueueAttributes on the inboxes.
type Depths struct {
	Client Attributes
	URL    func(service string) string // of a service's inbox
}

// NewDepths returns Depths that find the queues in the environment.
func NewDepths(client Attributes) Depths {
	return Depths{Client: client, URL: inboxURL}
}

// Depth returns how many messages a service's inbox has, those that are being handled or wait for another attempt among
// them: about, as SQS says
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
func (d Depths) Depth(ctx context.Context, service string) (int, error) {
	waiting, inFlight, err := d.Counts(ctx, service)
	return waiting + inFlight, err
}

// Counts returns both parts of the depth: messages that wait, and those that are being handled or wait for another
// attempt.
func (d Depths) Counts(ctx context.Context, service string) (waiting, inFlight int, err error) {
	const op = "inbox.Counts"
	names := []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible}
	out, err := d.Client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(d.URL(service)), AttributeNames: names})
	if err != nil {
		return 0, 0, video.E(op, video.Transient, err)
	}
	var counts [2]int
	for i, name := range names {
		if counts[i], err = strconv.Atoi(out.Attributes[string(name)]); err != nil {
			return 0, 0, video.E(op, video.Internal, err)
		}
	}
	return counts[0], counts[1], nil
}
