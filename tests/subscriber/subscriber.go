// Package subscriber receives the events of Sluice's SNS topic as any subscriber does: through a queue of its own,
// which Close deletes. infra/subscriber has the same as a stack.
//
// Permissions: sqs:CreateQueue, DeleteQueue, GetQueueAttributes, SetQueueAttributes, ReceiveMessage and DeleteMessage
// on queues with the given prefix, and sns:Subscribe and Unsubscribe on the topic.
package subscriber

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/oklog/ulid/v2"
)

// Topic is the topic to subscribe to, with the clients to do so.
type Topic struct {
	SQS *sqs.Client
	SNS *sns.Client
	ARN string
}

// Queue is a queue that is subscribed to a topic.
type Queue struct {
	topic                     Topic
	queueURL, subscriptionARN string
}

// Subscribe creates a queue whose name begins with name and subscribes it to the events whose type begins with prefix
// and whose tenant is one of tenants. Without tenants it subscribes to all messages of the topic. The caller closes the
// queue.
func (t Topic) Subscribe(ctx context.Context, name, prefix string, tenants ...string) (*Queue, error) {
	q := &Queue{topic: t}
	if err := q.create(ctx, name, prefix, tenants); err != nil {
		q.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return q, nil
}

// create creates the queue and its subscription. After an error some of it may exist, which Close deletes.
func (q *Queue) create(ctx context.Context, name, prefix string, tenants []string) error {
	made, err := q.topic.SQS.CreateQueue(ctx,
		&sqs.CreateQueueInput{QueueName: aws.String(name + "-" + ulid.Make().String())})
	if err != nil {
		return err
	}
	q.queueURL = aws.ToString(made.QueueUrl)
	has, err := q.topic.SQS.GetQueueAttributes(ctx,
		&sqs.GetQueueAttributesInput{QueueUrl: &q.queueURL, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
	if err != nil {
		return err
	}
	if err := q.allowTopic(ctx, has.Attributes["QueueArn"]); err != nil {
		return err
	}
	attributes := map[string]string{"RawMessageDelivery": "true"}
	if len(tenants) > 0 {
		filter, err := json.Marshal(map[string]any{"type": []any{map[string]any{"prefix": prefix}}, "tenant": tenants})
		if err != nil {
			return err
		}
		attributes["FilterPolicy"] = string(filter)
	}
	subscribed, err := q.topic.SNS.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: &q.topic.ARN, Protocol: aws.String("sqs"), Endpoint: aws.String(has.Attributes["QueueArn"]),
		ReturnSubscriptionArn: true, Attributes: attributes,
	})
	if err != nil {
		return err
	}
	q.subscriptionARN = aws.ToString(subscribed.SubscriptionArn)
	return nil
}

// allowTopic sets a queue policy that lets only the topic send to the queue.
func (q *Queue) allowTopic(ctx context.Context, arn string) error {
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
		"Resource": arn, "Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": q.topic.ARN}},
	}}})
	if err != nil {
		return err
	}
	_, err = q.topic.SQS.SetQueueAttributes(ctx,
		&sqs.SetQueueAttributesInput{QueueUrl: &q.queueURL, Attributes: map[string]string{"Policy": string(policy)}})
	return err
}

// ReceiveEvents waits up to five seconds for events and calls handle with each. It deletes an event after handle has
// returned nil, and returns the first error of handle. An event can arrive twice.
func (q *Queue) ReceiveEvents(ctx context.Context, handle func(event []byte) error) error {
	got, err := q.topic.SQS.ReceiveMessage(ctx,
		&sqs.ReceiveMessageInput{QueueUrl: &q.queueURL, WaitTimeSeconds: 5, MaxNumberOfMessages: 10})
	if err != nil {
		return err
	}
	for _, m := range got.Messages {
		if err := handle([]byte(aws.ToString(m.Body))); err != nil {
			return err
		}
		if _, err := q.topic.SQS.DeleteMessage(
			ctx, &sqs.DeleteMessageInput{QueueUrl: &q.queueURL, ReceiptHandle: m.ReceiptHandle},
		); err != nil {
			return err
		}
	}
	return nil
}

// Close deletes the subscription and the queue. It ignores errors.
func (q *Queue) Close(ctx context.Context) {
	if q.subscriptionARN != "" {
		_, _ = q.topic.SNS.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &q.subscriptionARN})
	}
	if q.queueURL != "" {
		_, _ = q.topic.SQS.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &q.queueURL})
	}
}
