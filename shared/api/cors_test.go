package api_test

import (
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

const page = "https://example.com"

// ask returns what a browser asks before it sends another method or header than a form could.
func ask(path, origin string) lambdaevents.APIGatewayProxyRequest {
	e := nobody.request("OPTIONS", path, "")
	e.Headers = map[string]string{"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}
	return e
}

// cors returns the headers of an answer that a browser looks at.
func cors(header map[string][]string) map[string]string {
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

const exposed = "Allow, Idempotent-Replayed, Retry-After, WWW-Authenticate, X-Amzn-Requestid"

func TestBrowsersAskFirst(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		from    string
		origins []string
		want    map[string]string
	}{
		{"all pages", page, []string{"*"}, map[string]string{"Allow-Origin": "*", "Expose-Headers": exposed,
			"Allow-Methods": "GET, POST, PATCH, DELETE", "Allow-Headers": "Authorization, Content-Type, Idempotency-Key", "Max-Age": "3600"}},
		{"this one", page, []string{"https://other.example", page}, map[string]string{"Allow-Origin": page, "Vary": "Origin", "Expose-Headers": exposed,
			"Allow-Methods": "GET, POST, PATCH, DELETE", "Allow-Headers": "Authorization, Content-Type, Idempotency-Key", "Max-Age": "3600"}},
		{"another", page, []string{page + ".evil.example"}, map[string]string{"Vary": "Origin"}},
		{"none", page, nil, map[string]string{"Vary": "Origin"}},
		{"none set", "", []string{""}, map[string]string{"Vary": "Origin"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Origins = row.origins
			w.remake(t)
			out, err := w.call(t.Context(), ask("/v1/uploads", row.from))
			if err != nil || out.StatusCode != 204 || out.Body != "" {
				t.Errorf("%d %q %v", out.StatusCode, out.Body, err)
			}
			if d := cmp.Diff(row.want, cors(out.MultiValueHeaders)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestPagesReadEveryAnswer: also what goes wrong before a handler, in it and after it.
func TestPagesReadEveryAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Origins = []string{page}
	w.remake(t)
	w.Parts = busy{w.s3, func() { panic("boom") }}
	for _, row := range []struct {
		name   string
		event  lambdaevents.APIGatewayProxyRequest
		status int
	}{
		{"works", nobody.request("GET", "/health", ""), 200},
		{"refused", nobody.request("GET", "/v1/videos/vid_x", ""), 401},
		{"no route", nobody.request("GET", "/v1/x", ""), 404},
		{"no method", nobody.request("OPTIONS", "/v1/uploads", ""), 405},
		{"malformed", acme.request("POST", "/v1/uploads", string(make([]byte, 1<<20+1))), 413},
		{"panic", acme.request("POST", "/v1/uploads", anUpload), 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.event.Headers = map[string]string{"Origin": page}
			got := w.send(t, row.event)
			want := map[string]string{"Allow-Origin": page, "Vary": "Origin", "Expose-Headers": exposed}
			if d := cmp.Diff(want, cors(got.header)); d != "" || got.status != row.status {
				t.Errorf("%d %s", got.status, d)
			}
		})
	}
}
