package queue_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/events"
	"sluice/events/examples"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/awsclient/faults"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
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
				return f(ctx, sqs.NewFromConfig(cfg, func(o *sqs.Options) {
					o.DisableMessageChecksumValidation = true
				}))
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
			call(
				"read depth",
				`{"Attributes":{"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0"}}`,
				func(ctx context.Context, c *sqs.Client) error {
					_, _, err := queue.DepthReader{Client: c, URL: queueURL}.ReadQueueCounts(ctx, "encode")
					return err
				},
			),
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

// TestPromise7BatchEndsWhileAWSHangs: if DynamoDB, SQS and SNS take requests and never answer, a batch ends before its
// function and reports each message, so that SQS delivers it again. If they hang once, each message is handled.
func TestPromise7BatchEndsWhileAWSHangs(t *testing.T) {
	t.Parallel()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	answer := faults.Respond(
		200, `{"Item":{},"Successful":[{"Id":"0"}],"Failed":[]}`, "Content-Type", "application/x-amz-json-1.0",
	)
	for service, body := range map[string]string{
		"encode": "encode.requested.v1/minimal", "publish": "encode.done.v1/minimal",
	} {
		for name, row := range map[string]struct {
			answers []faults.Answer
			failed  int
		}{"always": {[]faults.Answer{hang}, 2}, "once": {[]faults.Answer{answer, hang, answer}, 0}} {
			t.Run(service+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s, _ := services.Lookup(service)
					cfg := faults.NewServer(t, row.answers...).Config(s.Timeout)
					rows := store.NewDynamoDB(dynamodb.NewFromConfig(cfg), "rows")
					c := newTestConsumer(
						&fakeQueue{}, service, func(ctx context.Context, _ events.Event) ([]events.Event, error) {
							_, err := rows.LoadScalingState(ctx)
							return nil, err
						},
					)
					c.Send, c.Queue = newFaultyPublisher(cfg), queue.NewServiceQueue(s, sqs.NewFromConfig(cfg))
					ctx, cancel := context.WithTimeout(t.Context(), s.Timeout)
					defer cancel()
					batch := lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{
						newMessage("a", 1, examples.ReadJSON(body)), newMessage("b", 1, examples.ReadJSON(body)),
					}}
					began := time.Now()
					r, err := c.HandleBatch(ctx, batch)
					if err != nil || len(r.BatchItemFailures) != row.failed {
						t.Errorf("reported %v, %v", r.BatchItemFailures, err)
					}
					if took := time.Since(began); took >= s.Timeout {
						t.Errorf("took %v of %v", took, s.Timeout)
					}
				})
			})
		}
	}
}
