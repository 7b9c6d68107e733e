package httpapi_test

import (
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"sluice/tests/apitest"
)

const pageOrigin = "https://example.com"

// preflightRequest returns the request that a browser sends before a cross-origin POST with a token.
func preflightRequest(path, origin string) lambdaevents.APIGatewayProxyRequest {
	e := apitest.Nobody.NewEvent("OPTIONS", path, "")
	e.Headers = map[string]string{
		"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization",
	}
	return e
}

// readCORSHeaders returns the CORS headers of a response, without Access-Control-, and Vary.
func readCORSHeaders(header map[string][]string) map[string]string {
	got := map[string]string{}
	for _, name := range []string{"Allow-Origin", "Allow-Methods", "Allow-Headers", "Max-Age", "Expose-Headers"} {
		if h := header["Access-Control-"+name]; len(h) == 1 {
			got[name] = h[0]
		}
	}
	if h := header["Vary"]; len(h) == 1 {
		got["Vary"] = h[0]
	}
	return got
}

const exposedHeaders = "Allow, Idempotent-Replayed, Preference-Applied, Retry-After, WWW-Authenticate, X-Amzn-Requestid"

func TestPreflightReturnsCORSHeaders(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		origin  string
		origins []string
		want    map[string]string
	}{
		{"all pages", pageOrigin, []string{"*"}, map[string]string{
			"Allow-Origin": "*", "Expose-Headers": exposedHeaders, "Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
			"Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Prefer", "Max-Age": "3600",
		}},
		{"this one", pageOrigin, []string{
			"https://other.example", pageOrigin,
		}, map[string]string{"Allow-Origin": pageOrigin, "Vary": "Origin", "Expose-Headers": exposedHeaders,
			"Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
			"Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Prefer", "Max-Age": "3600"}},
		{"another", pageOrigin, []string{pageOrigin + ".evil.example"}, map[string]string{"Vary": "Origin"}},
		{"none", pageOrigin, nil, map[string]string{"Vary": "Origin"}},
		{"none set", "", []string{""}, map[string]string{"Vary": "Origin"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			fx.Origins = row.origins
			fx.RebuildHandlers(t)
			out, err := fx.CallAPI(t.Context(), preflightRequest("/v1/uploads", row.origin))
			if err != nil || out.StatusCode != 204 || out.Body != "" {
				t.Errorf("%d %q %v", out.StatusCode, out.Body, err)
			}
			if d := cmp.Diff(row.want, readCORSHeaders(out.MultiValueHeaders)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestEveryResponseHasCORSHeaders also checks errors before a handler, in it and after it.
func TestEveryResponseHasCORSHeaders(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.Origins = []string{pageOrigin}
	fx.RebuildHandlers(t)
	fx.Bucket.OnCreate = func() { panic("boom") }
	for _, row := range []struct {
		name   string
		event  lambdaevents.APIGatewayProxyRequest
		status int
	}{
		{"works", apitest.Nobody.NewEvent("GET", "/health", ""), 200},
		{"refused", apitest.Nobody.NewEvent("GET", "/v1/videos/vid_x", ""), 401},
		{"no route", apitest.Nobody.NewEvent("GET", "/v1/x", ""), 404},
		{"no method", apitest.Nobody.NewEvent("OPTIONS", "/v1/uploads", ""), 405},
		{"malformed", apitest.Acme.NewEvent("POST", "/v1/uploads", string(make([]byte, 1<<20+1))), 413},
		{"panic", apitest.Acme.NewEvent("POST", "/v1/uploads", apitest.UploadBody), 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.event.Headers = map[string]string{"Origin": pageOrigin}
			got := fx.SendEvent(t, row.event)
			want := map[string]string{"Allow-Origin": pageOrigin, "Vary": "Origin", "Expose-Headers": exposedHeaders}
			if d := cmp.Diff(want, readCORSHeaders(got.Header)); d != "" || got.Status != row.status {
				t.Errorf("%d %s", got.Status, d)
			}
		})
	}
}
