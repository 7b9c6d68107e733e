package api_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/platform/httpapi"
	"sluice/tests/apitest"
)

// TestEveryRouteEnforcesItsAuthorization checks that each route of the service map exists and rejects callers without
// the right.
func TestEveryRouteEnforcesItsAuthorization(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	for _, route := range apitest.Routes() {
		path := strings.ReplaceAll(route.Path, "{id}", "some")
		open := fx.DoRequest(t, apitest.Nobody, route.Method, path, "{}")
		switch route.Auth {
		case services.AuthOpen:
			if open.Status != 200 {
				t.Errorf("%s %s for nobody: %d %s", route.Method, path, open.Status, open.Text)
			}
		case services.AuthToken:
			lacking := apitest.Caller{Tenant: "acme"}
			if got := fx.DoRequest(t, lacking, route.Method, path, "{}"); route.Scope != "" &&
				(got.Status != 403 || got.Field("code") != "scope_missing") {
				t.Errorf("%s %s without its scope: %d %s", route.Method, path, got.Status, got.Text)
			}
			if open.Status != 401 || open.Header["Www-Authenticate"] == nil {
				t.Errorf("%s %s for nobody: %d %s", route.Method, path, open.Status, open.Text)
			}
			if got := fx.DoRequest(t, apitest.IAMOperator, route.Method, path, "{}"); got.Status != 401 {
				t.Errorf("%s %s for an operator: %d", route.Method, path, got.Status)
			}
			if got := fx.DoRequest(
				t, apitest.Caller{Tenant: "acme", Scopes: route.Scope}, route.Method, path, "{}",
			); got.Status == 401 || got.Status == 403 || got.Field("code") == "route_unknown" {
				t.Errorf("%s %s for a tenant: %d %s", route.Method, path, got.Status, got.Text)
			}
		case services.AuthIAM:
			for _, c := range []apitest.Caller{apitest.Nobody, apitest.Acme} {
				if got := fx.DoRequest(t, c, route.Method, path, "{}"); got.Status != 403 ||
					got.Field("code") != "caller_unknown" {
					t.Errorf("%s %s for %v: %d %s", route.Method, path, c, got.Status, got.Text)
				}
			}
		}
	}
}

func TestNewMuxRequiresExactlyTheServiceRoutes(t *testing.T) {
	t.Parallel()
	s := services.Service{Name: "x", Routes: []services.Route{{Method: "GET", Path: "/a", Auth: services.AuthOpen}}}
	for _, row := range []struct {
		name   string
		routes []string
		ok     bool
	}{
		{"the same", []string{"GET /a"}, true},
		{"none", nil, false},
		{"another method", []string{"POST /a"}, false},
		{"one more", []string{"GET /a", "GET /b"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			handlers := map[string]httpapi.Handler{}
			for _, r := range row.routes {
				handlers[r] = nil
			}
			if _, err := httpapi.NewMux(s, nil, nil, httpapi.Routes{Handlers: handlers}); (err == nil) != row.ok {
				t.Errorf("got error %v, want ok %t", err, row.ok)
			}
		})
	}
}

func TestErrorsAreProblemDocuments(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name         string
		method, path string
		body         string
		status       int
		code         string
	}{
		{"unknown route", "GET", "/v1/nothing", "", 404, "route_unknown"},
		{"root", "GET", "/", "", 404, "route_unknown"},
		{"wrong method", "DELETE", "/v1/uploads", "", 405, "method_unknown"},
		{"unclean path", "GET", "/v1//videos/x", "", 404, "route_unknown"},
		{"path with ..", "GET", "/v1/videos/../tenants", "", 404, "route_unknown"},
		{"trailing slash", "GET", "/health/", "", 404, "route_unknown"},
		{"unknown video", "GET", "/v1/videos/vid_x", "", 404, "video_not_found"},
		{"id that is no key", "GET", "/v1/videos/a%23b", "", 404, "video_not_found"},
		{"unknown upload", "POST", "/v1/uploads/upl_x/parts", "{}", 404, "upload_not_found"},
		{"no body", "POST", "/v1/uploads", "", 400, "body_malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			got := fx.DoRequest(t, apitest.Acme, row.method, row.path, row.body)
			if got.Status != row.status {
				t.Fatalf("status %d, want %d: %s", got.Status, row.status, got.Text)
			}
			delete(got.JSON, "errors")
			delete(got.JSON, "detail")
			want := map[string]any{
				"title": errs.Problem{Code: errs.Code(row.code)}.Title(), "type": "urn:sluice:problem:" + row.code,
				"status": float64(row.status), "code": row.code, "request_id": "req-1",
			}
			if d := cmp.Diff(want, got.JSON); d != "" {
				t.Error(d)
			}
			if h := got.Header["Content-Type"]; len(h) != 1 || h[0] != "application/problem+json" {
				t.Errorf("Content-Type %q", h)
			}
			if fx.Logs.Len() > 0 {
				t.Errorf("a caller's error was logged: %s", fx.Logs)
			}
		})
	}
}

func TestUnknownMethodReturnsAllowHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, path, want string }{
		{"one method", "/v1/uploads", "POST"},
		{"several", "/v1/videos/vid_1", "DELETE, GET, PATCH"},
		{"a path that another one with a parameter matches too", "/v1/dead-letters/redrive", "POST"},
		{"no such path", "/v1/uploads/upl_1/nothing", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := apitest.New(t).DoRequest(t, apitest.Acme, "PUT", tt.path, "")
			if allow := strings.Join(got.Header["Allow"], "; "); allow != tt.want {
				t.Errorf("Allow: %q, want %q", allow, tt.want)
			}
		})
	}
}

// TestErrorKindsMapToStatusCodes also checks that no response has the text of a cause.
func TestErrorKindsMapToStatusCodes(t *testing.T) {
	t.Parallel()
	secret := errors.New("PUT https://bucket/?X-Amz-Signature=secret")
	for kind, status := range map[errs.Kind]int{
		errs.Invalid: 422, errs.Unauthenticated: 401, errs.Forbidden: 403, errs.NotFound: 404, errs.Conflict: 409,
		errs.TooLarge: 413, errs.Transient: 503, errs.Internal: 500, "of the future": 500,
	} {
		for _, coded := range []bool{false, true} {
			e := errs.E("op", kind, secret)
			if coded {
				e.Code, e.Message = "some_code", "Some sentence."
			}
			fx := apitest.New(t)
			fx.Bucket.Err, fx.SkipDescription = e, true
			got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads", `{"file_name": "a", "size": 1}`)
			if got.Status != status || strings.Contains(got.Text, "secret") {
				t.Errorf("%s: %d %s, want %d", kind, got.Status, got.Text, status)
			}
			if coded != (got.Field("code") == "some_code" && got.Field("detail") == "Some sentence.") {
				t.Errorf("%s: %s", kind, got.Text)
			}
			if logged := strings.Count(fx.Logs.String(), "api_request_id=req-1"); logged != status/500 {
				t.Errorf("%s: logged %d times", kind, logged)
			}
			if retry := got.Header["Retry-After"] != nil; retry != (status == 503) {
				t.Errorf("%s: Retry-After %v", kind, retry)
			}
		}
	}
}

// TestOtherTenantsIDsReturnNotFound checks, on every route with an id, that another tenant's id has the same response
// as an id that does not exist.
func TestOtherTenantsIDsReturnNotFound(t *testing.T) {
	t.Parallel()
	s, _ := services.Lookup("api")
	rapid.Check(t, func(rt *rapid.T) {
		fx := apitest.New(t)
		var ids []string
		for range rapid.IntRange(1, 4).Draw(rt, "uploads") {
			u, _ := fx.CreateUpload(t, apitest.Acme)
			ids = append(ids, u.ID, u.Video)
		}
		id := rapid.SampledFrom(ids).Draw(rt, "id")
		path := rapid.SampledFrom([]string{id, "acme#" + id, "../acme/" + id, strings.ToLower(id)}).Draw(rt, "spelled")
		body := rapid.SampledFrom([]string{
			"{}", `{"numbers": [1]}`, `{"parts": [{"number": 1, "etag": "x"}]}`,
		}).Draw(rt, "body")
		for _, route := range s.Routes {
			if !strings.Contains(route.Path, "{id}") {
				continue
			}
			theirs := fx.DoRequest(t, apitest.Rival, route.Method, strings.Replace(route.Path, "{id}", path, 1), body)
			none := fx.DoRequest(
				t, apitest.Rival, route.Method, strings.Replace(route.Path, "{id}", strings.Repeat("x", len(path)), 1),
				body,
			)
			if theirs.Status != 404 || !strings.Contains(path, "/") && theirs.Text != none.Text {
				rt.Fatalf("%s %s as another tenant: %d %s", route.Method, route.Path, theirs.Status, theirs.Text)
			}
		}
		if len(fx.Outbox.Events) > 0 || len(fx.Bucket.ListKeys("")) > 0 {
			rt.Fatalf("another tenant caused events %v, objects %v", fx.Outbox.Events, fx.Bucket.ListKeys(""))
		}
	})
}

func TestHealthReturnsOK(t *testing.T) {
	t.Parallel()
	got := apitest.New(t).DoRequest(t, apitest.Nobody, "GET", "/health", "")
	if d := cmp.Diff(map[string]any{"status": "ok"}, got.JSON); got.Status != 200 || d != "" {
		t.Errorf("%d %s", got.Status, d)
	}
}
