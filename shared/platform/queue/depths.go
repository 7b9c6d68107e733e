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

// AttributesClient has the methods of the SQS client that DepthReader needs.
type AttributesClient interface {
	GetQueueAttributes(
		ctx context.Context, in *sqs.GetQueueAttributesInput, opts ...func(*sqs.Options),
	) (*sqs.GetQueueAttributesOutput, error)
}

// DepthReader reads the number of messages in queues. It needs sqs:GetQueueAttributes on them.
type DepthReader struct {
	Client AttributesClient
	URL    func(queue string) string
}

// NewDepthReader returns a DepthReader that takes the URLs from environment variables.
func NewDepthReader(client AttributesClient) DepthReader {
	return DepthReader{Client: client, URL: urlFromEnv}
}

// ReadServiceDepth returns the approximate number of messages in a service's queue, in all its lanes. It includes
// messages that are being handled or wait for another attempt.
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

// ReadQueueCounts returns the approximate numbers of messages of a queue: those that are waiting, and those that are
// being handled or wait for another attempt
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html).
func (d DepthReader) ReadQueueCounts(ctx context.Context, queue string) (waiting, inFlight int, err error) {
	const op = "queue.ReadQueueCounts"
	names := []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	}
	out, err := d.Client.GetQueueAttributes(ctx,
		&sqs.GetQueueAttributesInput{QueueUrl: aws.String(d.URL(queue)), AttributeNames: names})
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
