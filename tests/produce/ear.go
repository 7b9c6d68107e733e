package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/oklog/ulid/v2"
)

// ear is a queue of the producer's own that hears what the topic tells of one tenant's videos. infra/subscriber has the
// same as a stack.
type ear struct {
	p                 producer
	url, subscription string
}

func (p producer) listen(ctx context.Context, tenant string) (*ear, error) {
	made, err := p.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("produce-" + ulid.Make().String())})
	if err != nil {
		return nil, err
	}
	e := &ear{p: p, url: aws.ToString(made.QueueUrl)}
	has, err := p.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &e.url, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
	if err != nil {
		return e, err
	}
	if err := e.admit(ctx, has.Attributes["QueueArn"]); err != nil {
		return e, err
	}
	filter, err := json.Marshal(map[string]any{"type": []any{map[string]any{"prefix": "video."}}, "tenant": []any{tenant}})
	if err != nil {
		return e, err
	}
	subscribed, err := p.sns.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: &p.topic, Protocol: aws.String("sqs"), Endpoint: aws.String(has.Attributes["QueueArn"]), ReturnSubscriptionArn: true,
		Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicy": string(filter)},
	})
	if err == nil {
		e.subscription = aws.ToString(subscribed.SubscriptionArn)
	}
	return e, err
}

// admit lets the topic, and nobody else, send to the queue.
func (e *ear) admit(ctx context.Context, arn string) error {
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
		"Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": e.p.topic}},
	}}})
	if err != nil {
		return err
	}
	_, err = e.p.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &e.url, Attributes: map[string]string{"Policy": string(policy)}})
	return err
}

// until tells every fact about one request, each once, to the last. It fails if that is a failure.
func (e *ear) until(ctx context.Context, correlation string, tell func(fact)) error {
	told := map[string]bool{}
	for {
		got, err := e.p.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &e.url, WaitTimeSeconds: 5, MaxNumberOfMessages: 10})
		if err != nil {
			if ctx.Err() != nil {
				return errors.New("nothing was heard of its end in time; GET /v1/dead-letters may know why")
			}
			return err
		}
		for _, m := range got.Messages {
			f, err := e.take(ctx, m)
			if err != nil {
				return err
			}
			if f.CorrelationID != correlation || told[f.Type] {
				continue
			}
			told[f.Type] = true
			tell(f)
			if f.last() {
				return f.failure()
			}
		}
	}
}

// take reads a message, and has it deleted.
func (e *ear) take(ctx context.Context, m types.Message) (f fact, err error) {
	if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &f); err != nil {
		return f, fmt.Errorf("what was heard is no event: %w", err)
	}
	_, err = e.p.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &e.url, ReceiptHandle: m.ReceiptHandle})
	return f, err
}

func (f fact) failure() error {
	if f.Type == "video.failed.v1" {
		return errors.New("the video failed: " + f.Data.Problem.Message)
	}
	return nil
}

// close leaves nothing of the ear behind.
func (e *ear) close(ctx context.Context) {
	if e.subscription != "" {
		_, _ = e.p.sns.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &e.subscription})
	}
	_, _ = e.p.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &e.url})
}
