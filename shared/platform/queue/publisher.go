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
	"sluice/shared/platform/telemetry/trace"
)

// BatchSendClient has the methods of the SQS client that Publisher needs.
type BatchSendClient interface {
	SendMessageBatch(
		ctx context.Context, in *sqs.SendMessageBatchInput, opts ...func(*sqs.Options),
	) (*sqs.SendMessageBatchOutput, error)
}

// TopicClient has the methods of the SNS client that Publisher needs.
type TopicClient interface {
	Publish(ctx context.Context, in *sns.PublishInput, opts ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Publisher sends the events of a service as services.Map says: tasks and results to the queue of the service that
// handles them, facts to the topic.
type Publisher struct {
	Service     services.Service
	Queues      BatchSendClient
	Topic       TopicClient
	URL         func(queue string) string        // returns the URL of a queue
	TopicARN    string                           // of the topic
	TraceHeader func(ctx context.Context) string // returns the X-Ray trace header for events; may be nil
	// returns the header for the attribute of a message, from that of its event (trace.LinkLimiter); nil: the event's
	LimitLinks func(ctx context.Context, stored string) string
}

// NewPublisher returns a Publisher that takes the URLs from environment variables, and the trace headers from the
// context.
func NewPublisher(s services.Service, q BatchSendClient, t TopicClient) *Publisher {
	return &Publisher{
		Service: s, Queues: q, Topic: t, TopicARN: os.Getenv(services.EnvTopicARN), URL: urlFromEnv,
		TraceHeader: trace.HeaderFromContext, LimitLinks: new(trace.LinkLimiter).LimitLinks,
	}
}

// Send sends all events, in order for each destination. Transient: some were not accepted; the caller sends all
// again, and receivers recognize duplicates by their ids. Internal: the service may not emit an event of this type.
func (p *Publisher) Send(ctx context.Context, es ...events.Event) error {
	byQueue := map[string][]events.Event{}
	for _, e := range es {
		if !slices.Contains(p.Service.Emits, string(e.Type)) {
			return errs.E("queue.Send", errs.Internal, fmt.Errorf("%s may not emit %s", p.Service.Name, e.Type))
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

// maxBatchSize is the number of entries that SQS accepts in a call. Events are a few kB, far below its limit of bytes.
const maxBatchSize = 10

// sendToQueue sends events to one queue in batches.
func (p *Publisher) sendToQueue(ctx context.Context, to string, es []events.Event) error {
	s, _ := services.Lookup(services.FindDestination(string(es[0].Type)))
	for batch := range slices.Chunk(es, maxBatchSize) {
		entries, err := p.buildEntries(ctx, s, batch)
		if err != nil {
			return err
		}
		if err := p.sendBatch(ctx, to, entries); err != nil {
			return err
		}
	}
	return nil
}

// maxSendAttempts is how often an entry of a batch is sent. SQS may reject one entry and accept the others. If Send
// failed for that, its caller would send all messages again, hundreds for a long video.
const maxSendAttempts = 3

// sendBatch sends entries and repeats those that SQS rejected.
func (p *Publisher) sendBatch(ctx context.Context, to string, entries []sqstypes.SendMessageBatchRequestEntry) error {
	const op = "queue.sendBatch"
	var failed []sqstypes.BatchResultErrorEntry
	for range maxSendAttempts {
		out, err := p.Queues.SendMessageBatch(ctx,
			&sqs.SendMessageBatchInput{QueueUrl: aws.String(p.URL(to)), Entries: entries})
		if err != nil {
			return errs.E(op, errs.Transient, err)
		}
		if failed = out.Failed; len(failed) == 0 {
			return nil
		}
		left := slices.DeleteFunc(slices.Clone(entries), func(e sqstypes.SendMessageBatchRequestEntry) bool {
			return !slices.ContainsFunc(failed, func(f sqstypes.BatchResultErrorEntry) bool {
				return aws.ToString(f.Id) == *e.Id
			})
		})
		if entries = left; len(entries) == 0 {
			break
		}
	}
	return errs.E(op, errs.Transient, fmt.Errorf("%d entries: %s", len(failed), aws.ToString(failed[0].Message)))
}

// buildEntries returns the entries of a batch. On a FIFO queue, the group is the video; on a standard queue with fair
// shares, it is the tenant.
func (p *Publisher) buildEntries(
	ctx context.Context, to services.Service, es []events.Event,
) ([]sqstypes.SendMessageBatchRequestEntry, error) {
	var out []sqstypes.SendMessageBatchRequestEntry
	for i, e := range es {
		body, err := events.Encode(e)
		if err != nil {
			return nil, err
		}
		entry := sqstypes.SendMessageBatchRequestEntry{
			Id: aws.String(fmt.Sprint(i)), MessageBody: aws.String(string(body)),
		}
		switch {
		case to.Inbox.FIFO:
			entry.MessageGroupId = aws.String(e.Tenant + "." + e.Video)
			entry.MessageDeduplicationId = aws.String(e.ID)
		// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
		case to.Inbox.FairShare:
			entry.MessageGroupId = aws.String(e.Tenant)
		}
		linked := e.Trace
		if p.LimitLinks != nil {
			linked = p.LimitLinks(ctx, e.Trace)
		}
		entry.MessageSystemAttributes = traceAttribute(linked)
		out = append(out, entry)
	}
	return out, nil
}

// traceAttribute returns the system attributes of a message with a trace header; nil for "". SQS takes the attribute
// before the header of the request: https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html
func traceAttribute(header string) map[string]sqstypes.MessageSystemAttributeValue {
	if header == "" {
		return nil
	}
	return map[string]sqstypes.MessageSystemAttributeValue{
		"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(header)},
	}
}

// publishToTopic publishes events. Type and tenant are message attributes too, so that subscriptions can filter by
// them.
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
			MessageAttributes: map[string]snstypes.MessageAttributeValue{
				"type": attr(string(e.Type)), "tenant": attr(e.Tenant),
			},
		})
		if err != nil {
			return errs.E("queue.publishToTopic", errs.Transient, err)
		}
	}
	return nil
}
