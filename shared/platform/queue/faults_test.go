package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/events/examples"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/awsclient/faults"
	"sluice/shared/platform/queue"
)

func queueURL(name string) string { return "http://aws.test/1/" + name }

// newFaultyPublisher returns publish's publisher.
func newFaultyPublisher(cfg aws.Config) *queue.Publisher {
	s, _ := services.Lookup("publish")
	return &queue.Publisher{
		Service: s, TopicARN: "arn:aws:sns:us-east-1:1:facts", URL: queueURL, Topic: sns.NewFromConfig(cfg),
		Queues: sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.DisableMessageChecksumValidation = true }),
	}
}

// TestPromise7SQSFaultsEndCalls: each call ends within its function's time, and as Transient, so that it is repeated.
func TestPromise7SQSFaultsEndCalls(t *testing.T) {
	t.Parallel()
	const jsonType = "application/x-amz-json-1.0"
	call := func(name, good string, f func(context.Context, *sqs.Client) error) faults.Call {
		return faults.Call{
			Name: name, Good: faults.Respond(200, good, "Content-Type", jsonType), NoBody: good == "",
			Make: func(ctx context.Context, cfg aws.Config) error {
				return f(ctx, sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.DisableMessageChecksumValidation = true }))
			},
		}
	}
	refuse := func(status int, code string) faults.Answer {
		return faults.Respond(status, `{"__type":"com.amazonaws.sqs#`+code+`"}`, "Content-Type", jsonType)
	}
	m := lambdaevents.SQSMessage{MessageId: "m", ReceiptHandle: "h", Body: "{}"}
	q := func(c *sqs.Client) queue.ServiceQueue {
		return queue.ServiceQueue{
			Client: c, URLs: []string{queueURL("publish.fifo")}, DeadLetterURL: queueURL("dead"), FIFO: true,
		}
	}
	encode, _ := services.Lookup("encode")
	send := call("send batch", `{"Successful":[{"Id":"0","MessageId":"m","MD5OfMessageBody":""}],"Failed":[]}`, nil)
	send.Make = func(ctx context.Context, cfg aws.Config) error {
		return newFaultyPublisher(cfg).Send(ctx, newEncodeRequests(1)...)
	}
	faults.Suite{
		Calls: []faults.Call{
			send,
			call("change visibility", "", func(ctx context.Context, c *sqs.Client) error {
				return q(c).ChangeVisibility(ctx, m, time.Minute)
			}),
			call("dead letter", `{"MessageId":"m"}`, func(ctx context.Context, c *sqs.Client) error {
				return q(c).SendToDeadLetterQueue(ctx, m, errors.New("it is broken"))
			}),
			call("redrive", `{"MessageId":"m"}`, func(ctx context.Context, c *sqs.Client) error {
				return queue.Redriver{Client: c, URL: queueURL}.Redrive(
					ctx, video.DeadLetter{ID: "dl_1", Service: "publish", Body: "{}"},
				)
			}),
			call("receive dead letters", `{"Messages":[]}`, func(ctx context.Context, c *sqs.Client) error {
				_, err := queue.DeadLetterConsumer{Client: c, URL: queueURL}.ConsumeBatch(
					ctx, encode, func(context.Context, video.DeadLetter) error { return nil },
				)
				return err
			}),
			call("read depth", `{"Attributes":{"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0"}}`,
				func(ctx context.Context, c *sqs.Client) error {
					_, _, err := queue.DepthReader{Client: c, URL: queueURL}.ReadQueueCounts(ctx, "encode")
					return err
				}),
		},
		Throttled: refuse(400, "RequestThrottled"),
		Failed:    []faults.Answer{refuse(500, "InternalError"), faults.Respond(503, "")},
		Denied:    refuse(400, "QueueDoesNotExist"), Kind: errs.Transient,
		Others: []faults.Fault{{
			Name: "rejects an entry", Calls: []string{"send batch"}, Attempts: 2,
			Answers: []faults.Answer{faults.Respond(
				200, `{"Successful":[],"Failed":[{"Id":"0","Code":"InternalError","SenderFault":false}]}`,
				"Content-Type", jsonType,
			)},
		}},
	}.Run(t)
}

// TestPromise7SNSFaultsEndCalls: as above.
func TestPromise7SNSFaultsEndCalls(t *testing.T) {
	t.Parallel()
	refuse := func(status int, code string) faults.Answer {
		return faults.Respond(status, `<ErrorResponse><Error><Code>`+code+`</Code></Error></ErrorResponse>`)
	}
	faults.Suite{
		Calls: []faults.Call{{
			Name: "publish",
			Good: faults.Respond(
				200, `<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>`,
			),
			Make: func(ctx context.Context, cfg aws.Config) error {
				return newFaultyPublisher(cfg).Send(ctx, examples.ReadEvent("video.ready.v1/minimal"))
			},
		}},
		Throttled: refuse(400, "Throttling"),
		Failed:    []faults.Answer{refuse(500, "InternalFailure"), faults.Respond(503, "")},
		Denied:    refuse(403, "AuthorizationError"), Kind: errs.Transient,
	}.Run(t)
}
