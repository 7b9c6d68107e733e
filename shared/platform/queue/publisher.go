package queue

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// BatchSendClient is what Publisher needs of SQS.
type BatchSendClient interface {
	SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, opts ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// TopicClient is what Publisher needs of SNS.
type TopicClient interface {
	Publish(ctx context.Context, in *sns.PublishInput, opts ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Publisher sends a service's events where the map says: tasks and results to the queue that takes them, facts to the
// topic. What the map does not let the service emit is refused.
type Publisher struct {
	Service     services.Service
	Queues      BatchSendClient
	Topic       TopicClient
	URL         func(queue string) string        // of a queue
	TopicARN    string                           // of the topic
	TraceHeader func(ctx context.Context) string // the trace header to send along; may be nil
}

// NewPublisher returns a Publisher that finds its queues in the environment.
func NewPublisher(s services.Service, q BatchSendClient, t TopicClient, header func(context.Context) string) *Publisher {
	return &Publisher{
		Service: s, Queues: q, Topic: t, TopicARN: os.Getenv(services.EnvTopicARN), TraceHeader: header,
		URL: urlFromEnv,
	}
}

// Send sends all events, in order for each destination. It fails with Transient if any was not accepted: then the
// caller sends all again, and receivers know the ones they have by their ids. An event that the service may not emit
// is Internal: a bug.
func (p *Publisher) Send(ctx context.Context, es ...events.Event) error {
	const op = "inbox.Send"
	byQueue := map[string][]events.Event{}
	for _, e := range es {
		if !slices.Contains(p.Service.Emits, string(e.Type)) {
			return errs.E(op, errs.Internal, fmt.Errorf("%s may not emit %s", p.Service.Name, e.Type))
		}
		if e.Trace == "" && p.TraceHeader != nil {
			e.Trace = p.TraceHeader(ctx)
		}
		to := services.Topic
		if q, ok := services.QueueForEvent(string(e.Type), e.Lane()); ok {
			to = q.Name
		}
		byQueue[to] = append(byQueue[to], e)
	}
	for _, to := range slices.Sorted(maps.Keys(byQueue)) { // in the same order each time
		send := p.sendToQueue
		if to == services.Topic {
			send = p.publishToTopic
		}
		if err := send(ctx, to, byQueue[to]); err != nil {
			return err
		}
	}
	return nil
}

const maxBatchSize = 10 // entries SQS takes in a call; what we send in numbers is a few kB each, far from its limit on bytes

func (p *Publisher) sendToQueue(ctx context.Context, to string, es []events.Event) error {
	s, _ := services.Lookup(services.FindDestination(string(es[0].Type)))
	for part := range slices.Chunk(es, maxBatchSize) {
		entries, err := buildEntries(s, part)
		if err != nil {
			return err
		}
		if err := p.sendBatch(ctx, to, entries); err != nil {
			return err
		}
	}
	return nil
}

// maxSendAttempts is how often an entry of a batch is sent. SQS may refuse one and take the others, and who is told so sends all
// of an event's messages anew: of a film that are hundreds of tasks.
const maxSendAttempts = 3

func (p *Publisher) sendBatch(ctx context.Context, to string, entries []sqstypes.SendMessageBatchRequestEntry) error {
	const op = "inbox.batch"
	var failed []sqstypes.BatchResultErrorEntry
	for range maxSendAttempts {
		out, err := p.Queues.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(p.URL(to)), Entries: entries})
		if err != nil {
			return errs.E(op, errs.Transient, err)
		}
		if failed = out.Failed; len(failed) == 0 {
			return nil
		}
		left := slices.DeleteFunc(slices.Clone(entries), func(e sqstypes.SendMessageBatchRequestEntry) bool {
			return !slices.ContainsFunc(failed, func(f sqstypes.BatchResultErrorEntry) bool { return aws.ToString(f.Id) == *e.Id })
		})
		if entries = left; len(entries) == 0 {
			break
		}
	}
	return errs.E(op, errs.Transient, fmt.Errorf("%d entries: %s", len(failed), aws.ToString(failed[0].Message)))
}

func buildEntries(to services.Service, es []events.Event) ([]sqstypes.SendMessageBatchRequestEntry, error) {
	var out []sqstypes.SendMessageBatchRequestEntry
	for i, e := range es {
		body, err := events.Encode(e)
		if err != nil {
			return nil, err
		}
		entry := sqstypes.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), MessageBody: aws.String(string(body))}
		switch {
		case to.Inbox.FIFO:
			entry.MessageGroupId = aws.String(e.Tenant + "." + e.Video)
			entry.MessageDeduplicationId = aws.String(e.ID)
		case to.Inbox.FairShare: // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
			entry.MessageGroupId = aws.String(e.Tenant)
		}
		if e.Trace != "" {
			entry.MessageSystemAttributes = map[string]sqstypes.MessageSystemAttributeValue{
				"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(e.Trace)},
			}
		}
		out = append(out, entry)
	}
	return out, nil
}

// publishToTopic tells the topic. The type is an attribute too, so that a subscription can filter by its prefix.
func (p *Publisher) publishToTopic(ctx context.Context, _ string, es []events.Event) error {
	for _, e := range es {
		body, err := events.Encode(e)
		if err != nil {
			return err
		}
		attr := func(v string) snstypes.MessageAttributeValue {
			return snstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(v)}
		}
		_, err = p.Topic.Publish(ctx, &sns.PublishInput{
			TopicArn: aws.String(p.TopicARN), Message: aws.String(string(body)),
			MessageAttributes: map[string]snstypes.MessageAttributeValue{"type": attr(string(e.Type)), "tenant": attr(e.Tenant)},
		})
		if err != nil {
			return errs.E("inbox.publish", errs.Transient, err)
		}
	}
	return nil
}
