package httpapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/platform/httpapi"
	"sluice/tests/apitest"
)

// handlerRequest is a request as a handler gets it.
type handlerRequest struct {
	Method, Host, Path, Query, Body string
	Header                          http.Header
}

func TestGatewayBuildsRequest(t *testing.T) {
	t.Parallel()
	base := func(change func(*lambdaevents.APIGatewayProxyRequest)) lambdaevents.APIGatewayProxyRequest {
		e := lambdaevents.APIGatewayProxyRequest{HTTPMethod: "POST", Path: "/a/b", Body: "text"}
		e.RequestContext.Stage, e.RequestContext.DomainName = "prod", "api.example.com"
		change(&e)
		return e
	}
	want := func(change func(*handlerRequest)) handlerRequest {
		request := handlerRequest{
			Method: "POST", Host: "api.example.com", Path: "/a/b", Body: "text", Header: http.Header{},
		}
		change(&request)
		return request
	}
	for _, row := range []struct {
		name  string
		event lambdaevents.APIGatewayProxyRequest
		want  handlerRequest
	}{
		{"plain", base(func(*lambdaevents.APIGatewayProxyRequest) {}), want(func(*handlerRequest) {})},
		{"path with the stage", base(func(e *lambdaevents.APIGatewayProxyRequest) {
			e.Path = "/prod/a/b"
		}), want(func(*handlerRequest) {})},
		{"path like the stage", base(func(e *lambdaevents.APIGatewayProxyRequest) {
			e.Path = "/production/b"
		}), want(func(request *handlerRequest) { request.Path = "/production/b" })},
		{"no stage", base(func(e *lambdaevents.APIGatewayProxyRequest) {
			e.RequestContext.Stage, e.Path = "", "//b"
		}), want(func(request *handlerRequest) { request.Path = "//b" })},
		{"base64", base(func(e *lambdaevents.APIGatewayProxyRequest) {
			e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte("\xff\x00")), true
		}), want(func(request *handlerRequest) { request.Body = "\xff\x00" })},
		{"lower-case header", base(func(e *lambdaevents.APIGatewayProxyRequest) {
			e.Headers = map[string]string{"content-type": "application/json"}
		}), want(func(request *handlerRequest) { request.Header.Set("Content-Type", "application/json") })},
		{"many values", base(func(e *lambdaevents.APIGatewayProxyRequest) {
			e.Headers = map[string]string{"accept": "b"}
			e.MultiValueHeaders = map[string][]string{"accept": {"a", "b"}}
			e.QueryStringParameters = map[string]string{"q": "2"}
			e.MultiValueQueryStringParameters = map[string][]string{"q": {"1", "2 &"}}
		}), want(func(request *handlerRequest) {
			request.Header["Accept"], request.Query = []string{"a", "b"}, "q=1&q=2+%26"
		})},
		{"single query", base(func(e *lambdaevents.APIGatewayProxyRequest) {
			e.QueryStringParameters = map[string]string{"q": "2"}
		}), want(func(request *handlerRequest) { request.Query = "q=2" })},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var got handlerRequest
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				got = handlerRequest{r.Method, r.Host, r.URL.Path, r.URL.RawQuery, string(b), r.Header}
			})
			out, err := httpapi.NewGatewayFunc(h, slog.New(slog.DiscardHandler))(t.Context(), row.event)
			if err != nil || out.StatusCode != 200 {
				t.Fatalf("%d, %v: %s", out.StatusCode, err, out.Body)
			}
			if d := cmp.Diff(row.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestGatewayReservesTimeToRespond(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(20 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got, ok := r.Context().Deadline(); !ok || end.Sub(got) != time.Second {
			t.Errorf("the request's deadline is %v, the function's %v", got, end)
		}
	})
	if _, err := httpapi.NewGatewayFunc(h, slog.New(slog.DiscardHandler))(
		ctx, apitest.Acme.NewEvent("GET", "/", ""),
	); err != nil {
		t.Error(err)
	}
}

func TestGatewayBuildsResponse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		serve  http.HandlerFunc
		status int
		body   string
		base64 bool
		logged string
	}{
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, 200, "", false, ""},
		{"text", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hé")) }, 200, "hé", false, ""},
		{"bytes", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("\xff"))
		}, 200, "/w==", true, ""},
		{"two statuses", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(202)
			w.WriteHeader(500)
		}, 202, "", false, ""},
		{"large", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 5<<20))
		}, 500, "internal", false, "5242880 bytes"},
		{"large when escaped", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("<"), 2<<20))
		}, 500, "internal", false, "2097152 bytes"},
		{"just fits", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("a"), 6<<20-1000))
		}, 200, "aaa", false, ""},
		{"panic", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			panic("boom")
		}, 500, "internal", false, "boom"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var logs bytes.Buffer
			e := apitest.Nobody.NewEvent("GET", "/", "")
			out, err := httpapi.NewGatewayFunc(row.serve, slog.New(slog.NewTextHandler(&logs, nil)))(t.Context(), e)
			if err != nil || out.StatusCode != row.status || out.IsBase64Encoded != row.base64 ||
				!strings.Contains(out.Body, row.body) {
				t.Errorf("%d %v %.80q, %v", out.StatusCode, out.IsBase64Encoded, out.Body, err)
			}
			if d := cmp.Diff([]string{"nosniff"}, out.MultiValueHeaders["X-Content-Type-Options"]); d != "" {
				t.Error(d)
			}
			const year = "max-age=31536000"
			if d := cmp.Diff([]string{year}, out.MultiValueHeaders["Strict-Transport-Security"]); d != "" {
				t.Error(d)
			}
			if row.logged == "" && logs.Len() > 0 || row.logged != "" &&
				(strings.Count(logs.String(), "api_request_id=req-1") != 1 ||
					!strings.Contains(logs.String(), row.logged)) {
				t.Errorf("logged: %s", &logs)
			}
			if strings.Contains(out.Body, "boom") {
				t.Error("the response has the panic's text")
			}
		})
	}
}

func TestGatewayRejectsInvalidBodies(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	for _, row := range []struct {
		name   string
		body   string
		base64 bool
		status int
		code   string
	}{
		{"1 MiB", strings.Repeat(" ", 1<<20), false, 400, "body_malformed"}, // reaches the handler
		{"one byte more", strings.Repeat(" ", 1<<20+1), false, 413, "body_too_large"},
		{"not base64", "***", true, 400, "body_malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := apitest.Acme.NewEvent("POST", "/v1/uploads", row.body)
			e.IsBase64Encoded = row.base64
			if got := fx.SendEvent(t, e); got.Status != row.status || got.Field("code") != row.code {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}

// Only the authorizer's context authenticates.
func TestHeadersDoNotAuthenticate(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	e := apitest.Nobody.NewEvent("GET", "/v1/videos/"+u.Video, "")
	e.Headers = map[string]string{
		"Authorization": "Bearer slc_a_b", "tenant": "acme", "scopes": "videos:read", "X-Tenant": "acme",
	}
	e.QueryStringParameters = map[string]string{"tenant": "acme"}
	if got := fx.SendEvent(t, e); got.Status != 401 {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	e.RequestContext.Authorizer = map[string]any{"tenant": 7, "scopes": []any{"videos:read"}}
	if got := fx.SendEvent(t, e); got.Status != 401 {
		t.Errorf("with an authorizer's context of other types: %d %s", got.Status, got.Text)
	}
}
