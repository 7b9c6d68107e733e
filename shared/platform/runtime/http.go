package runtime

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"sluice/shared/platform/httpapi"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/trace"
)

// ServeRoutes answers the service's routes with h. It ends the process if err is not nil. It does not return.
func (r Runtime) ServeRoutes(h http.Handler, err error) { lambda.Start(r.NewGatewayFunc(h, err)) }

// NewGatewayFunc returns what handles events of the API gateway with h. It ends the process if err is not nil.
func (r Runtime) NewGatewayFunc(h http.Handler, err error) httpapi.GatewayFunc {
	r.ExitOnError(err)
	return r.traceRequests(httpapi.NewGatewayFunc(h, r.Log))
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

// MessageSpan describes the span of a message. A producer's message does not name its tenant and video: its handler
// calls AnnotateVideo.
type MessageSpan struct {
	Trace         string // header of the sender
	Type          string // of the event
	Tenant, Video string
}

// StartMessageSpan starts the span of a message. The returned function ends it with the handler's error.
func StartMessageSpan(
	ctx context.Context, m lambdaevents.SQSMessage, s MessageSpan,
) (context.Context, func(error)) {
	ctx, span := trace.StartMessageSpan(ctx, m, s.Trace)
	span.SetMetadata("type", s.Type)
	about := &videoAnnotation{span: span}
	ctx = context.WithValue(ctx, videoAnnotationKey{}, about)
	ctx = logs.WithAttrs(ctx, slog.String("trace", trace.IDFromContext(ctx)), slog.String("tenant", s.Tenant),
		slog.Any("video", about))
	AnnotateVideo(ctx, s.Tenant, s.Video)
	return ctx, span.End
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
