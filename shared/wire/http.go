package wire

import (
	"context"
	"net/http"
	"os"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"sluice/shared/api"
	"sluice/shared/trace"
)

// Serve starts answering the service's routes with h, unless err says why it can't. It does not return.
func (k Kit) Serve(h http.Handler, err error) {
	if err != nil {
		k.Log.Error("can't start", "error", err)
		os.Exit(1)
	}
	lambda.Start(traced(api.Gateway(h, k.Log)))
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
