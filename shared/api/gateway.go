package api

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
	maxBody   = 1 << 20
	maxAnswer = 6 << 20
)

// GatewayFunc is a Lambda function behind a REST API's proxy integration.
type GatewayFunc func(context.Context, lambdaevents.APIGatewayProxyRequest) (lambdaevents.APIGatewayProxyResponse, error)

// opener is a handler with headers for every answer, also those that don't come from it.
type opener interface {
	Open(h http.Header, r *http.Request)
}

// Gateway returns h as a Lambda function. It never fails: a panic of h is logged and answered with 500. If h has a method
// Open, that writes headers of each answer first.
func Gateway(h http.Handler, log *slog.Logger) GatewayFunc {
	open := func(http.Header, *http.Request) {}
	if o, ok := h.(opener); ok {
		open = o.Open
	}
	return func(ctx context.Context, e lambdaevents.APIGatewayProxyRequest) (lambdaevents.APIGatewayProxyResponse, error) {
		ctx, cancel := before(ctx, toAnswer)
		defer cancel()
		r, err := request(ctx, e)
		out := answered(r, log, open, func(w http.ResponseWriter) {
			if err != nil {
				fail(w, r, log, err)
				return
			}
			h.ServeHTTP(w, r)
		}).proxy()
		if !fits(out) {
			out = answered(r, log, open, func(w http.ResponseWriter) {
				fail(w, r, log, errs.E("api.Gateway", errs.Internal, fmt.Errorf("answer of %d bytes", len(out.Body))))
			}).proxy()
		}
		return out, nil
	}
}

// toAnswer is what is kept of a function's time to answer in: one that Lambda ends says nothing.
const toAnswer = time.Second

// before returns a context that ends some time before ctx does.
func before(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, end.Add(-d))
}

// answered calls open and serve, and returns what they wrote, or a problem if serve panics.
func answered(r *http.Request, log *slog.Logger, open func(http.Header, *http.Request), serve func(http.ResponseWriter)) (w *answer) {
	w = newAnswer()
	open(w.header, r)
	defer func() {
		if p := recover(); p != nil {
			w = newAnswer()
			open(w.header, r)
			fail(w, r, log, errs.E("api.Gateway", errs.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	serve(w)
	return w
}

// request makes the HTTP request. It returns one even when it fails, for the answer.
func request(ctx context.Context, e lambdaevents.APIGatewayProxyRequest) (*http.Request, error) {
	ctx = context.WithValue(ctx, callerKey{}, newCaller(e.RequestContext))
	body, err := []byte(e.Body), error(nil)
	if e.IsBase64Encoded {
		body, err = base64.StdEncoding.DecodeString(e.Body)
	}
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/", bytes.NewReader(body)) // can't fail
	r.Method, r.Host = e.HTTPMethod, e.RequestContext.DomainName
	r.URL = &url.URL{Path: unstaged(e.Path, e.RequestContext.Stage), RawQuery: query(e)}
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	for name, values := range e.MultiValueHeaders {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	switch {
	case err != nil:
		return r, malformed("The body is not base64.")
	case len(body) > maxBody:
		return r, errs.Refuse("api.request", errs.TooLarge, "body_too_large", "A body may have 1 MiB at most; the bytes of a video go to the URLs of its parts.")
	}
	return r, nil
}

// unstaged takes the stage off a path. API Gateway does so itself, but not for every kind of domain and local cloud.
func unstaged(path, stage string) string {
	if rest, ok := strings.CutPrefix(path, "/"+stage+"/"); ok && stage != "" {
		return "/" + rest
	}
	return path
}

func query(e lambdaevents.APIGatewayProxyRequest) string {
	q := url.Values(e.MultiValueQueryStringParameters)
	if len(q) == 0 {
		q = url.Values{}
		for k, v := range e.QueryStringParameters {
			q.Set(k, v)
		}
	}
	return q.Encode()
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}} }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// pass writes the answer, as far as there is one, to w.
func (a *answer) pass(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	if a.status != 0 {
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body.Bytes()) // nobody is left to be told
	}
}

// proxy returns the answer as API Gateway wants it: bytes that are no text in base64.
func (a *answer) proxy() lambdaevents.APIGatewayProxyResponse {
	a.WriteHeader(http.StatusOK)
	a.header.Set("X-Content-Type-Options", "nosniff")
	out := lambdaevents.APIGatewayProxyResponse{StatusCode: a.status, MultiValueHeaders: a.header, Body: a.body.String()}
	if !utf8.ValidString(out.Body) {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(a.body.Bytes()), true
	}
	return out
}

// fits reports whether Lambda takes the answer, in which a byte of text may become six of JSON.
func fits(out lambdaevents.APIGatewayProxyResponse) bool {
	if len(out.Body) < maxAnswer/6-(64<<10) {
		return true
	}
	b, err := json.Marshal(out)
	return err == nil && len(b) <= maxAnswer
}
