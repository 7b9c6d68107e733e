// Package httpapi serves HTTP APIs behind API Gateway: it adapts Lambda events to net/http, routes and authorizes
// requests as the service map says, decodes bodies, writes problem documents (RFC 9457) and CORS headers, and runs POST
// requests with an Idempotency-Key once.
//
// Rights: those of the IdempotencyStore that a service passes. It rejects bodies over 1 MiB.
package httpapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/invocation"
)

// Limits in bytes: ours of a request's body, and Lambda's of a response
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). Local clouds enforce neither.
const (
	maxBodyBytes     = 1 << 20
	maxResponseBytes = 6 << 20
)

// GatewayFunc is a Lambda function behind the proxy integration of a REST API.
type GatewayFunc func(
	context.Context, lambdaevents.APIGatewayProxyRequest,
) (lambdaevents.APIGatewayProxyResponse, error)

// NewGatewayFunc returns h as a Lambda function. It never returns an error: a panic of h is logged and answered with
// 500. If h is a CORS, every response has its headers.
func NewGatewayFunc(h http.Handler, log *slog.Logger) GatewayFunc {
	open := func(http.Header, *http.Request) {}
	if c, ok := h.(CORS); ok {
		open = c.setHeaders
	}
	return func(
		ctx context.Context, e lambdaevents.APIGatewayProxyRequest,
	) (lambdaevents.APIGatewayProxyResponse, error) {
		ctx, cancel := invocation.WithReserve(ctx, responseReserve)
		defer cancel()
		r, err := newRequest(ctx, e)
		out := serveRecovered(r, log, open, func(w http.ResponseWriter) {
			if err != nil {
				WriteProblem(w, r, log, err)
				return
			}
			h.ServeHTTP(w, r)
		}).proxyResponse()
		if !fitsLambdaLimit(out) {
			out = serveRecovered(r, log, open, func(w http.ResponseWriter) {
				WriteProblem(w, r, log,
					errs.E("httpapi.NewGatewayFunc", errs.Internal, fmt.Errorf("response of %d bytes", len(out.Body))))
			}).proxyResponse()
		}
		return out, nil
	}
}

// responseReserve is the part of a function's time that is left for the response: a function that Lambda stops sends
// none.
const responseReserve = time.Second

// serveRecovered calls open and serve and returns what they write, or a problem document if serve panics.
func serveRecovered(
	r *http.Request, log *slog.Logger, open func(http.Header, *http.Request), serve func(http.ResponseWriter),
) (w *responseBuffer) {
	w = newResponseBuffer()
	open(w.header, r)
	defer func() {
		if p := recover(); p != nil {
			w = newResponseBuffer()
			open(w.header, r)
			WriteProblem(w, r, log,
				errs.E("httpapi.NewGatewayFunc", errs.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	serve(w)
	return w
}

// newRequest returns the HTTP request of an event. It returns one even when it fails, for the response.
func newRequest(ctx context.Context, e lambdaevents.APIGatewayProxyRequest) (*http.Request, error) {
	ctx = context.WithValue(ctx, callerKey{}, newCaller(e.RequestContext))
	body, err := []byte(e.Body), error(nil)
	if e.IsBase64Encoded {
		body, err = base64.StdEncoding.DecodeString(e.Body)
	}
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/", bytes.NewReader(body)) // can't fail
	r.Method, r.Host = e.HTTPMethod, e.RequestContext.DomainName
	query := url.Values(e.MultiValueQueryStringParameters)
	if len(query) == 0 {
		query = url.Values{}
		for name, value := range e.QueryStringParameters {
			query.Set(name, value)
		}
	}
	r.URL = &url.URL{Path: trimStage(e.Path, e.RequestContext.Stage), RawQuery: query.Encode()}
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	for name, values := range e.MultiValueHeaders {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	switch {
	case err != nil:
		return r, newBodyError("The body is not base64.")
	case len(body) > maxBodyBytes:
		return r, errs.New("httpapi.newRequest", errs.TooLarge, "body_too_large",
			"A body may have 1 MiB at most; the bytes of a video go to the URLs of its parts.")
	}
	return r, nil
}

// trimStage removes the stage from a path. API Gateway does so itself, but not for every kind of domain and local
// cloud.
func trimStage(path, stage string) string {
	if rest, ok := strings.CutPrefix(path, "/"+stage+"/"); ok && stage != "" {
		return "/" + rest
	}
	return path
}

// responseBuffer is an http.ResponseWriter that keeps the response.
type responseBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newResponseBuffer() *responseBuffer { return &responseBuffer{header: http.Header{}} }

func (b *responseBuffer) Header() http.Header { return b.header }

func (b *responseBuffer) WriteHeader(status int) {
	if b.status == 0 {
		b.status = status
	}
}

func (b *responseBuffer) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}

// strictTransportSecurity is the header by which browsers use TLS only, for a year (RFC 6797). Browsers ignore it
// without TLS, as on a local cloud.
const strictTransportSecurity = "max-age=31536000"

// proxyResponse returns the response in API Gateway's form, with a body that is not UTF-8 in base64.
func (b *responseBuffer) proxyResponse() lambdaevents.APIGatewayProxyResponse {
	b.WriteHeader(http.StatusOK)
	b.header.Set("X-Content-Type-Options", "nosniff")
	b.header.Set("Strict-Transport-Security", strictTransportSecurity)
	out := lambdaevents.APIGatewayProxyResponse{
		StatusCode: b.status, MultiValueHeaders: b.header, Body: b.body.String(),
	}
	if !utf8.ValidString(out.Body) {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(b.body.Bytes()), true
	}
	return out
}

// fitsLambdaLimit reports whether Lambda accepts the response. A byte of text may become six bytes of JSON.
func fitsLambdaLimit(out lambdaevents.APIGatewayProxyResponse) bool {
	if len(out.Body) < maxResponseBytes/6-(64<<10) {
		return true
	}
	b, err := json.Marshal(out)
	return err == nil && len(b) <= maxResponseBytes
}
