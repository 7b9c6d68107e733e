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

// ServeRoutes starts answering the service's routes with h, unless err says why it can't. It does not return.
func (k Runtime) ServeRoutes(h http.Handler, err error) { lambda.Start(k.newGatewayFunc(h, err)) }

func (k Runtime) newGatewayFunc(h http.Handler, err error) httpapi.GatewayFunc {
	exitOnError(k.Log, err)
	return k.traceRequests(httpapi.NewGatewayFunc(h, k.Log))
}

// ServeRoutesAndQueue starts answering the service's routes with h, unless err says why it can't, and taking its messages with back:
// the service has two doors. It does not return.
func (k Runtime) ServeRoutesAndQueue(h http.Handler, err error, back queue.Handler) {
	lambda.Start(eventDispatcher{k.newGatewayFunc(h, err), LogInvocationCost(k, k.newConsumer(back, nil).HandleBatch)}.dispatchEvent)
}

// eventDispatcher are the two that a service may have.
type eventDispatcher struct {
	handleRequest httpapi.GatewayFunc
	handleBatch   func(context.Context, lambdaevents.SQSEvent) (lambdaevents.SQSEventResponse, error)
}

// dispatchEvent tells the door by the event: a batch of messages has records, a request has none.
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

// videoAnnotation is which video a request or a message turns out to be about.
type videoAnnotation struct {
	span  trace.Span
	video atomic.Pointer[string]
}

type videoAnnotationKey struct{}

// LogValue returns the video's id, empty as long as it is not known.
func (s *videoAnnotation) LogValue() slog.Value {
	if id := s.video.Load(); id != nil {
		return slog.StringValue(*id)
	}
	return slog.StringValue("")
}

// AnnotateVideo notes which video a request or a message is about, on its hop, if it may change it, and in its log.
func AnnotateVideo(ctx context.Context, tenant, video string) {
	s, ok := ctx.Value(videoAnnotationKey{}).(*videoAnnotation)
	if !ok {
		return
	}
	s.video.Store(&video)
	s.span.Annotate(trace.VideoID, video)
	s.span.Annotate(trace.Tenant, tenant)
}

// traceRequests makes each request a hop, and logs it. One that only looks is no part of a video's way: its hop is about no
// video, so that a client that asks each second how far its video is does not fill its trace.
func (k Runtime) traceRequests(next httpapi.GatewayFunc) httpapi.GatewayFunc {
	return func(ctx context.Context, e lambdaevents.APIGatewayProxyRequest) (out lambdaevents.APIGatewayProxyResponse, err error) {
		began := time.Now()
		ctx, span := trace.StartRequestSpan(ctx, e.Headers)
		about := &videoAnnotation{}
		if e.HTTPMethod != http.MethodGet {
			about.span = span
		}
		tenant, _ := e.RequestContext.Authorizer["tenant"].(string)
		ctx = logs.WithAttrs(ctx, slog.String("trace", trace.IDFromContext(ctx)), slog.String("tenant", tenant), slog.Any("video", about))
		defer func() {
			k.Log.InfoContext(ctx, "answered", "api_request_id", e.RequestContext.RequestID, "method", e.HTTPMethod, "route", e.Resource,
				"status", out.StatusCode, "seconds", time.Since(began).Seconds(), metrics.LogAttr(time.Now(), k.meter.measureCost(began)))
			span.SetHTTPStatus(out.StatusCode)
			span.End(err)
		}()
		return next(context.WithValue(ctx, videoAnnotationKey{}, about), e)
	}
}
