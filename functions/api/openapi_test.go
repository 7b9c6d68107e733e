package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/services"
	"sluice/tests/apitest"
)

// TestOpenAPIListsAllRoutes compares the document with the routes of the service map and who may call them.
func TestOpenAPIListsAllRoutes(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, s := range services.Map {
		for _, r := range s.Routes {
			auth := map[services.Auth]string{
				services.AuthOpen: "", services.AuthToken: "token", services.AuthIAM: "iam",
			}[r.Auth]
			want = append(
				want, strings.Join([]string{r.Method, strings.ReplaceAll(r.Path, "+}", "}"), auth, r.Scope}, " "),
			)
		}
	}
	for path, item := range apitest.LoadDescription(t).Paths.Map() {
		for method, op := range item.Operations() {
			auth := ""
			if op.Security == nil {
				t.Errorf("%s %s has no security", method, path)
				continue
			}
			for _, one := range *op.Security {
				for name := range one {
					auth += name
				}
			}
			scope, _ := op.Extensions["x-scope"].(string)
			got = append(got, strings.Join([]string{method, path, auth, scope}, " "))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-map +openapi.json:\n%s", d)
	}
}

func TestOpenAPIPostsAcceptIdempotencyKey(t *testing.T) {
	t.Parallel()
	for path, item := range apitest.LoadDescription(t).Paths.Map() {
		if item.Post != nil && item.Post.Parameters.GetByInAndName("header", "Idempotency-Key") == nil {
			t.Errorf("POST %s has no Idempotency-Key", path)
		}
	}
}

func TestOpenAPIIsServed(t *testing.T) {
	t.Parallel()
	got := apitest.New(t).DoRequest(t, apitest.Nobody, "GET", "/v1/openapi.json", "")
	if _, err := openapi3.NewLoader().LoadFromData([]byte(got.Text)); err != nil || got.JSON["openapi"] != "3.0.3" {
		t.Errorf("%d %v", got.Status, err)
	}
}

func TestDocsPageIsServedUnderItsPolicy(t *testing.T) {
	t.Parallel()
	out := apitest.New(t).DoRequest(t, apitest.Nobody, "GET", "/docs", "")
	got := map[string]string{}
	for _, name := range []string{"Content-Type", "Content-Security-Policy", "Cache-Control"} {
		got[name] = strings.Join(out.Header[name], "; ")
	}
	policy, _, _ := strings.Cut(got["Content-Security-Policy"], ";")
	got["Content-Security-Policy"] = policy
	want := map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'",
		"Cache-Control": "public, max-age=60",
	}
	if d := cmp.Diff(want, got); out.Status != 200 || d != "" {
		t.Errorf("%d (-want +got):\n%s", out.Status, d)
	}
	for _, message := range events.ListTypes(events.Request, events.Fact) {
		if !strings.Contains(out.Text, `<section id="`+string(message)+`">`) {
			t.Errorf("the page does not show %s", message)
		}
	}
}
