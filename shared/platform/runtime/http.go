package runtime

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"sluice/shared/platform/httpapi"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics"
	"sluice/shared/platform/telemetry/trace"
)

// Serve starts answering the service's routes with h, unless err says why it can't. It does not return.
func (k Kit) Serve(h http.Handler, err error) { lambda.Start(k.gateway(h, err)) }

func (k Kit) gateway(h http.Handler, err error) httpapi.GatewayFunc {
	must(k.Log, err)
	return k.traced(httpapi.NewGatewayFunc(h, k.Log))
}

// Both starts answering the service's routes with h, unless err says why it can't, and taking its messages with back:
// the service has two doors. It does not return.
func (k Kit) Both(h http.Handler, err error, back queue.Handler) {
	lambda.Start(doors{k.gateway(h, err), Metered(k, k.consumer(back, nil).Batch)}.open)
}

// doors are the two that a service may have.
type doors struct {
	front httpapi.GatewayFunc
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

// subject is which video a request or a message turns out to be about.
type subject struct {
	span  trace.Span
	video atomic.Pointer[string]
}

type subjectKey struct{}

// LogValue returns the video's id, empty as long as it is not known.
func (s *subject) LogValue() slog.Value {
	if id := s.video.Load(); id != nil {
		return slog.StringValue(*id)
	}
	return slog.StringValue("")
}

// About notes which video a request or a message is about, on its hop, if it may change it, and in its log.
func About(ctx context.Context, tenant, video string) {
	s, ok := ctx.Value(subjectKey{}).(*subject)
	if !ok {
		return
	}
	s.video.Store(&video)
	s.span.Note(trace.VideoID, video)
	s.span.Note(trace.Tenant, tenant)
}

// traced makes each request a hop, and logs it. One that only looks is no part of a video's way: its hop is about no
// video, so that a client that asks each second how far its video is does not fill its trace.
func (k Kit) traced(next httpapi.GatewayFunc) httpapi.GatewayFunc {
	return func(ctx context.Context, e lambdaevents.APIGatewayProxyRequest) (out lambdaevents.APIGatewayProxyResponse, err error) {
		began := time.Now()
		ctx, span := trace.Request(ctx, e.Headers)
		about := &subject{}
		if e.HTTPMethod != http.MethodGet {
			about.span = span
		}
		tenant, _ := e.RequestContext.Authorizer["tenant"].(string)
		ctx = logs.With(ctx, slog.String("trace", trace.ID(ctx)), slog.String("tenant", tenant), slog.Any("video", about))
		defer func() {
			k.Log.InfoContext(ctx, "answered", "api_request_id", e.RequestContext.RequestID, "method", e.HTTPMethod, "route", e.Resource,
				"status", out.StatusCode, "seconds", time.Since(began).Seconds(), metrics.Line(time.Now(), k.meter.spent(began)))
			span.Status(out.StatusCode)
			span.End(err)
		}()
		return next(context.WithValue(ctx, subjectKey{}, about), e)
	}
}
