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

// AttributesClient is what Depths needs of SQS.
type AttributesClient interface {
	GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, opts ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// DepthReader reads how many messages wait. Rights: sqs:GetQueueAttributes on the inboxes.
type DepthReader struct {
	Client AttributesClient
	URL    func(queue string) string
}

// NewDepthReader returns Depths that find the queues in the environment.
func NewDepthReader(client AttributesClient) DepthReader {
	return DepthReader{Client: client, URL: urlFromEnv}
}

// ReadServiceDepth returns how many messages a service's inbox has, in all its lanes, those that are being handled or wait for
// another attempt among them: about, as SQS says.
func (d DepthReader) ReadServiceDepth(ctx context.Context, service string) (depth int, err error) {
	s, _ := services.Lookup(service)
	for _, q := range s.Queues() {
		waiting, inFlight, err := d.ReadQueueCounts(ctx, q.Name)
		if err != nil {
			return 0, err
		}
		depth += waiting + inFlight
	}
	return depth, nil
}

// ReadQueueCounts returns how many messages of a queue wait, and how many are being handled or wait for another attempt: about
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
func (d DepthReader) ReadQueueCounts(ctx context.Context, queue string) (waiting, inFlight int, err error) {
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
