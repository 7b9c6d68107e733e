// Package ear hears what Sluice's topic tells, as any subscriber would: by a queue of its own, which is gone when it is
// closed. infra/subscriber has the same as a stack.
//
// Rights: sqs:CreateQueue, DeleteQueue, GetQueueAttributes, SetQueueAttributes, ReceiveMessage and DeleteMessage on
// queues of the given name, sns:Subscribe and Unsubscribe on the topic.
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

// Topic is what to listen to.
type Topic struct {
	SQS *sqs.Client
	SNS *sns.Client
	ARN string
}

// Queue is a subscribed queue.
type Queue struct {
	topic                     Topic
	queueURL, subscriptionARN string
}

// Subscribe subscribes a new queue, whose name begins with name, to the events whose type begins with prefix and that are of
// one of the tenants; without tenants to all that the topic tells, events or not. Close it also if there is an error.
func (t Topic) Subscribe(ctx context.Context, name, prefix string, tenants ...string) (*Queue, error) {
	e := &Queue{topic: t}
	made, err := t.SQS.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name + "-" + ulid.Make().String())})
	if err != nil {
		return e, err
	}
	e.queueURL = aws.ToString(made.QueueUrl)
	has, err := t.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &e.queueURL, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
	if err != nil {
		return e, err
	}
	if err := e.allowTopic(ctx, has.Attributes["QueueArn"]); err != nil {
		return e, err
	}
	attributes := map[string]string{"RawMessageDelivery": "true"}
	if len(tenants) > 0 {
		filter, err := json.Marshal(map[string]any{"type": []any{map[string]any{"prefix": prefix}}, "tenant": tenants})
		if err != nil {
			return e, err
		}
		attributes["FilterPolicy"] = string(filter)
	}
	subscribed, err := t.SNS.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: &t.ARN, Protocol: aws.String("sqs"), Endpoint: aws.String(has.Attributes["QueueArn"]), ReturnSubscriptionArn: true,
		Attributes: attributes,
	})
	if err == nil {
		e.subscriptionARN = aws.ToString(subscribed.SubscriptionArn)
	}
	return e, err
}

// allowTopic lets the topic, and nobody else, send to the queue.
func (e *Queue) allowTopic(ctx context.Context, arn string) error {
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
		"Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": e.topic.ARN}},
	}}})
	if err != nil {
		return err
	}
	_, err = e.topic.SQS.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &e.queueURL, Attributes: map[string]string{"Policy": string(policy)}})
	return err
}

// ReceiveEvents waits up to five seconds for events, shows each to heard, and has it deleted unless heard fails. An event may come
// twice.
func (e *Queue) ReceiveEvents(ctx context.Context, heard func(event []byte) error) error {
	got, err := e.topic.SQS.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &e.queueURL, WaitTimeSeconds: 5, MaxNumberOfMessages: 10})
	if err != nil {
		return err
	}
	for _, m := range got.Messages {
		if err := heard([]byte(aws.ToString(m.Body))); err != nil {
			return err
		}
		if _, err := e.topic.SQS.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &e.queueURL, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return err
		}
	}
	return nil
}

// Close leaves nothing of the ear behind, as far as it can.
func (e *Queue) Close(ctx context.Context) {
	if e.subscriptionARN != "" {
		_, _ = e.topic.SNS.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &e.subscriptionARN})
	}
	if e.queueURL != "" {
		_, _ = e.topic.SQS.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &e.queueURL})
	}
}
