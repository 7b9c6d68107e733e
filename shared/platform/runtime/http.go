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
	"sluice/shared/platform/telemetry/trace"
)

// ServeRoutes answers the service's routes with h. It ends the process if err is not nil. It does not return.
func (r Runtime) ServeRoutes(h http.Handler, err error) { lambda.Start(r.newGatewayFunc(h, err)) }

func (r Runtime) newGatewayFunc(h http.Handler, err error) httpapi.GatewayFunc {
	exitOnError(r.Log, err)
	return r.traceRequests(httpapi.NewGatewayFunc(h, r.Log))
}

// ServeRoutesAndQueue answers the service's routes with h and consumes its queue with back. It ends the process if err
// is not nil. It does not return.
func (r Runtime) ServeRoutesAndQueue(h http.Handler, err error, back queue.Handler) {
	lambda.Start(
		eventDispatcher{
			r.newGatewayFunc(h, err), LogInvocationCost(r, r.newConsumer(back, nil).HandleBatch),
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

// videoAnnotation is the video that a request or a message is about, once it is known.
type videoAnnotation struct {
	span  trace.Span
	video atomic.Pointer[string]
}

type videoAnnotationKey struct{}

// LogValue returns the video's id, "" while it is unknown.
func (a *videoAnnotation) LogValue() slog.Value {
	if id := a.video.Load(); id != nil {
		return slog.StringValue(*id)
	}
	return slog.StringValue("")
}

// AnnotateVideo adds the video that a request or a message is about to its log lines and, unless the request only
// reads, to its span.
func AnnotateVideo(ctx context.Context, tenant, video string) {
	a, ok := ctx.Value(videoAnnotationKey{}).(*videoAnnotation)
	if !ok {
		return
	}
	a.video.Store(&video)
	a.span.Annotate(trace.VideoID, video)
	a.span.Annotate(trace.Tenant, tenant)
}

// isRead reports whether a method changes nothing (RFC 9110, section 9.2.1).
func isRead(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// traceRequests records a span for each request and logs it. The span of a GET request names no video, so that a client
// that polls does not fill the video's trace.
func (r Runtime) traceRequests(next httpapi.GatewayFunc) httpapi.GatewayFunc {
	return func(
		ctx context.Context, e lambdaevents.APIGatewayProxyRequest,
	) (out lambdaevents.APIGatewayProxyResponse, err error) {
		began := time.Now()
		ctx, span := trace.StartRequestSpan(ctx, e.Headers, !isRead(e.HTTPMethod))
		about := &videoAnnotation{}
		if !isRead(e.HTTPMethod) {
			about.span = span
		}
		tenant, _ := e.RequestContext.Authorizer["tenant"].(string)
		ctx = logs.WithAttrs(ctx, slog.String("trace", trace.IDFromContext(ctx)), slog.String("tenant", tenant),
			slog.Any("video", about))
		defer func() {
			r.Log.InfoContext(ctx, "answered", "api_request_id", e.RequestContext.RequestID, "method", e.HTTPMethod,
				"route", e.Resource, "status", out.StatusCode, "seconds", time.Since(began).Seconds(),
				r.meter.logAttr(began))
			span.SetHTTPStatus(out.StatusCode)
			span.End(err)
		}()
		return next(context.WithValue(ctx, videoAnnotationKey{}, about), e)
	}
}
