// Package messages connects a function with the queues of messages, in SQS, and the topic, in SNS. Its rights are those
// of package queue.
package messages

import (
	"context"
	"encoding/json"
	"net/http"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/events"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/httpapi"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/telemetry/trace"
)

// NewSQSClient returns an SQS client.
func NewSQSClient(r runtime.Runtime) *sqs.Client { return sqs.NewFromConfig(r.AWSConfig()) }

// NewSender returns the publisher of the service's events.
func NewSender(r runtime.Runtime) *queue.Publisher {
	return queue.NewPublisher(r.Service, NewSQSClient(r), sns.NewFromConfig(r.AWSConfig()))
}

// ConsumeQueue handles the service's messages with h. It does not return.
func ConsumeQueue(r runtime.Runtime, h queue.Handler, onExhausted queue.OnExhausted) {
	runtime.Start(r, newConsumer(r, requireSandbox(r, h, ffmpeg.CurrentSandbox()), onExhausted).HandleBatch)
}

// ConsumeQueueTogether does the same as ConsumeQueue, and lets together handle the events of a batch that it can.
func ConsumeQueueTogether(r runtime.Runtime, h queue.Handler, together queue.BatchHandler) {
	c := newConsumer(r, h, nil)
	c.HandleTogether, c.TraceHeader = together, trace.HeaderFromContext
	runtime.Start(r, c.HandleBatch)
}

// ServeRoutesAndQueue answers the service's routes with h and consumes its queue with back. It ends the process if err
// is not nil. It does not return.
func ServeRoutesAndQueue(
	r runtime.Runtime, h http.Handler, err error, back queue.Handler, onExhausted queue.OnExhausted,
) {
	lambda.Start(
		eventDispatcher{
			r.NewGatewayFunc(h, err), runtime.LogInvocationCost(r, newConsumer(r, back, onExhausted).HandleBatch),
		}.dispatchEvent,
	)
}

// eventDispatcher passes each event to the handler of requests or of messages.
type eventDispatcher struct {
	handleRequest httpapi.GatewayFunc
	handleBatch   func(context.Context, lambdaevents.SQSEvent) (lambdaevents.SQSEventResponse, error)
}

// dispatchEvent tells the kind of an event by its records: only a batch of messages has them.
func (d eventDispatcher) dispatchEvent(ctx context.Context, raw json.RawMessage) (any, error) {
	var batch lambdaevents.SQSEvent
	if err := json.Unmarshal(raw, &batch); err == nil && batch.Records != nil {
		return d.handleBatch(ctx, batch)
	}
	var request lambdaevents.APIGatewayProxyRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	return d.handleRequest(ctx, request)
}

func newConsumer(r runtime.Runtime, h queue.Handler, onExhausted queue.OnExhausted) *queue.Consumer {
	return &queue.Consumer{
		Service: r.Service, Handle: h, OnExhausted: onExhausted, Send: NewSender(r),
		Queue: queue.NewServiceQueue(r.Service, NewSQSClient(r)), StartSpan: startSpan, Log: r.Log,
	}
}

// startSpan starts the span of one event. The returned function ends it with the handler's error.
func startSpan(ctx context.Context, m lambdaevents.SQSMessage, e events.Event) (context.Context, func(error)) {
	return runtime.StartMessageSpan(ctx, m, runtime.MessageSpan{
		Trace: e.Trace, Type: string(e.Type), Tenant: e.Tenant, Video: e.Video,
	})
}

// requireSandbox returns a handler that does as h if the service runs no tools or has a sandbox for them, and else
// fails each message with cage_unavailable, without looking at it.
func requireSandbox(r runtime.Runtime, h queue.Handler, s ffmpeg.Sandbox) queue.Handler {
	if r.Service.Layer != "ffmpeg" || s.Err == nil {
		return h
	}
	return func(context.Context, events.Event) ([]events.Event, error) { return nil, s.Unavailable() }
}
