package httpapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/shared/domain/errs"
)

// Limits of a request's body, ours, and of an answer, Lambda's
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). Local clouds enforce neither.
const (
	maxBodyBytes     = 1 << 20
	maxResponseBytes = 6 << 20
)

// GatewayFunc is a Lambda function behind a REST API's proxy integration.
type GatewayFunc func(context.Context, lambdaevents.APIGatewayProxyRequest) (lambdaevents.APIGatewayProxyResponse, error)

// headerSetter is a handler with headers for every answer, also those that don't come from it.
type headerSetter interface {
	SetHeaders(h http.Header, r *http.Request)
}

// NewGatewayFunc returns h as a Lambda function. It never fails: a panic of h is logged and answered with 500. If h has a method
// Open, that writes headers of each answer first.
func NewGatewayFunc(h http.Handler, log *slog.Logger) GatewayFunc {
	open := func(http.Header, *http.Request) {}
	if o, ok := h.(headerSetter); ok {
		open = o.SetHeaders
	}
	return func(ctx context.Context, e lambdaevents.APIGatewayProxyRequest) (lambdaevents.APIGatewayProxyResponse, error) {
		ctx, cancel := WithEarlierDeadline(ctx, responseReserve)
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
				WriteProblem(w, r, log, errs.E("api.Gateway", errs.Internal, fmt.Errorf("answer of %d bytes", len(out.Body))))
			}).proxyResponse()
		}
		return out, nil
	}
}

// responseReserve is what is kept of a function's time to answer in: one that Lambda ends says nothing.
const responseReserve = time.Second

// WithEarlierDeadline returns a context that ends some time before ctx does.
func WithEarlierDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, end.Add(-d))
}

// serveRecovered calls open and serve, and returns what they wrote, or a problem if serve panics.
func serveRecovered(r *http.Request, log *slog.Logger, open func(http.Header, *http.Request), serve func(http.ResponseWriter)) (w *responseBuffer) {
	w = newResponseBuffer()
	open(w.header, r)
	defer func() {
		if p := recover(); p != nil {
			w = newResponseBuffer()
			open(w.header, r)
			WriteProblem(w, r, log, errs.E("api.Gateway", errs.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	serve(w)
	return w
}

// newRequest makes the HTTP request. It returns one even when it fails, for the answer.
func newRequest(ctx context.Context, e lambdaevents.APIGatewayProxyRequest) (*http.Request, error) {
	ctx = context.WithValue(ctx, callerKey{}, newCaller(e.RequestContext))
	body, err := []byte(e.Body), error(nil)
	if e.IsBase64Encoded {
		body, err = base64.StdEncoding.DecodeString(e.Body)
	}
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/", bytes.NewReader(body)) // can't fail
	r.Method, r.Host = e.HTTPMethod, e.RequestContext.DomainName
	r.URL = &url.URL{Path: trimStage(e.Path, e.RequestContext.Stage), RawQuery: encodeQuery(e)}
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
		return r, errs.New("api.request", errs.TooLarge, "body_too_large", "A body may have 1 MiB at most; the bytes of a video go to the URLs of its parts.")
	}
	return r, nil
}

// trimStage takes the stage off a path. API Gateway does so itself, but not for every kind of domain and local cloud.
func trimStage(path, stage string) string {
	if rest, ok := strings.CutPrefix(path, "/"+stage+"/"); ok && stage != "" {
		return "/" + rest
	}
	return path
}

func encodeQuery(e lambdaevents.APIGatewayProxyRequest) string {
	q := url.Values(e.MultiValueQueryStringParameters)
	if len(q) == 0 {
		q = url.Values{}
		for k, v := range e.QueryStringParameters {
			q.Set(k, v)
		}
	}
	return q.Encode()
}

// responseBuffer keeps what a handler writes.
type responseBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newResponseBuffer() *responseBuffer { return &responseBuffer{header: http.Header{}} }

func (a *responseBuffer) Header() http.Header { return a.header }

func (a *responseBuffer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *responseBuffer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// copyTo writes the answer, as far as there is one, to w.
func (a *responseBuffer) copyTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if a.status != 0 {
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes()) // nobody is left to be told
	}
}

// proxyResponse returns the answer as API Gateway wants it: bytes that are no text in base64.
func (a *responseBuffer) proxyResponse() lambdaevents.APIGatewayProxyResponse {
	a.WriteHeader(http.StatusOK)
	a.header.Set("X-Content-Type-Options", "nosniff")
	out := lambdaevents.APIGatewayProxyResponse{StatusCode: a.status, MultiValueHeaders: a.header, Body: a.body.String()}
	if !utf8.ValidString(out.Body) {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(a.body.Bytes()), true
	}
	return out
}

// fitsLambdaLimit reports whether Lambda takes the answer, in which a byte of text may become six of JSON.
func fitsLambdaLimit(out lambdaevents.APIGatewayProxyResponse) bool {
	if len(out.Body) < maxResponseBytes/6-(64<<10) {
		return true
	}
	b, err := json.Marshal(out)
	return err == nil && len(b) <= maxResponseBytes
}
