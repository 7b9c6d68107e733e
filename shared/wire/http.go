package wire

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"sluice/shared/api"
	"sluice/shared/inbox"
	"sluice/shared/trace"
)

// Serve starts answering the service's routes with h, unless err says why it can't. It does not return.
func (k Kit) Serve(h http.Handler, err error) { lambda.Start(k.gateway(h, err)) }

func (k Kit) gateway(h http.Handler, err error) api.GatewayFunc {
	if err != nil {
		k.Log.Error("can't start", "error", err)
		os.Exit(1)
	}
	return traced(api.Gateway(h, k.Log))
}

// Both starts answering the service's routes with h, unless err says why it can't, and taking its messages with back:
// the service has two doors. It does not return.
func (k Kit) Both(h http.Handler, err error, back inbox.Handler) {
	lambda.Start(doors{k.gateway(h, err), k.consumer(back, nil).Batch}.open)
}

// doors are the two that a service may have.
type doors struct {
	front api.GatewayFunc
	back  func(context.Context, lambdaevents.SQSEvent) (lambdaevents.SQSEventResponse, error)
}

// open tells the door by the event: a batch of messages has records, a request has none.
func (d doors) open(ctx context.Context, raw json.RawMessage) (any, error) {
	var batch lambdaevents.SQSEvent
	if err := json.Unmarshal(raw, &batch); err == nil && batch.Records != nil {
		return d.back(ctx, batch)
	}
	var request lambdaevents.APIGatewayProxyRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	return d.front(ctx, request)
}

type spanKey struct{}

// traced makes each request a hop.
func traced(next api.GatewayFunc) api.GatewayFunc {
	return func(ctx context.Context, e lambdaevents.APIGatewayProxyRequest) (out lambdaevents.APIGatewayProxyResponse, err error) {
		ctx, span := trace.Request(ctx, e.Headers)
		defer func() {
			span.Status(out.StatusCode)
			span.End(err)
		}()
		return next(context.WithValue(ctx, spanKey{}, span), e)
	}
}

// About notes on a request's hop which video it is about.
func About(ctx context.Context, tenant, video string) {
	span, _ := ctx.Value(spanKey{}).(trace.Span)
	span.Note(trace.VideoID, video)
	span.Note(trace.Tenant, tenant)
}
