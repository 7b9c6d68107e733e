package api_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

func TestCreateTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.do(t, operator, "POST", "/v1/tenants", `{"name": "acme"}`)
	if d := cmp.Diff(map[string]any{"tenant": "acme", "created_at": "2026-11-22T12:00:00.000Z"}, got.json); got.status != 201 || d != "" {
		t.Fatalf("%d %s", got.status, d)
	}
	if kept, err := w.rows.Tenant(t.Context(), "acme"); err != nil || !kept.Created.Equal(noon) {
		t.Errorf("kept %v, %v", kept, err)
	}
	if got := w.do(t, operator, "POST", "/v1/tenants", `{"name": "acme"}`); got.status != 409 || got.str("code") != "tenant_exists" {
		t.Errorf("the second time: %d %s", got.status, got.text)
	}
	for _, name := range []string{"", "A", "a", "acme#x", "-acme", "a/b"} {
		if got := w.do(t, operator, "POST", "/v1/tenants", `{"name": "`+name+`"}`); got.status != 422 || got.str("code") != "name_invalid" {
			t.Errorf("%q: %d %s", name, got.status, got.text)
		}
	}
}

func TestCreateToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, operator, "POST", "/v1/tenants", `{"name": "acme"}`)
	got := w.do(t, operator, "POST", "/v1/tokens", `{"tenant": "acme", "scopes": ["videos:write", "videos:read", "videos:write"]}`)
	text, id := got.str("token"), got.str("id")
	if got.status != 201 || !regexp.MustCompile(`^slc_[a-z2-7]{12}_[a-z2-7]{40}$`).MatchString(text) {
		t.Fatalf("%d %s", got.status, got.text)
	}
	parsed, secret, ok := video.ParseToken(text)
	kept, err := w.rows.Token(t.Context(), id)
	if !ok || parsed != id || err != nil || !kept.Matches(secret) {
		t.Errorf("%s is not the token kept: %v, %v", text, kept, err)
	}
	want := video.Token{ID: id, Tenant: "acme", Scopes: []string{"videos:read", "videos:write"}, Hash: video.HashSecret(secret), Created: noon}
	if d := cmp.Diff(want, kept); d != "" {
		t.Error(d)
	}
	again := w.do(t, operator, "POST", "/v1/tokens", `{"tenant": "acme", "scopes": ["videos:read"]}`)
	if again.status != 201 || again.str("token") == text {
		t.Errorf("a second token: %d %s", again.status, again.text)
	}
}

func TestCreateTokenRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, operator, "POST", "/v1/tenants", `{"name": "acme"}`)
	for _, row := range []struct{ name, body, code, pointer string }{
		{"no scopes", `{"tenant": "acme", "scopes": []}`, "scopes_missing", "/scopes"},
		{"unknown scope", `{"tenant": "acme", "scopes": ["videos:read", "admin"]}`, "scope_unknown", "/scopes/1"},
		{"unknown tenant", `{"tenant": "nobody", "scopes": ["videos:read"]}`, "tenant_not_found", "/tenant"},
		{"a life too short", `{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 59}`, "expires_in_out_of_range", "/expires_in"},
		{"a life too long", `{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 31622401}`, "expires_in_out_of_range", "/expires_in"},
		{"tenant that is no key", `{"tenant": "acme#x", "scopes": ["videos:read"]}`, "tenant_not_found", "/tenant"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := w.do(t, operator, "POST", "/v1/tokens", row.body)
			if got.status != 422 || got.str("code") != row.code || pointer(got) != row.pointer {
				t.Errorf("%d %s", got.status, got.text)
			}
		})
	}
}

// pointer is the place of the first flaw.
func pointer(r result) string {
	list, _ := r.json["errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	first, _ := list[0].(map[string]any)
	s, _ := first["pointer"].(string)
	return s
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, operator, "POST", "/v1/tenants", `{"name": "acme"}`)
	made := w.do(t, operator, "POST", "/v1/tokens", `{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 3600}`)
	if made.status != 201 || made.str("expires_at") != "2026-11-22T13:00:00.000Z" {
		t.Fatalf("%d %s", made.status, made.text)
	}
	kept, err := w.rows.Token(t.Context(), made.str("id"))
	if err != nil || !kept.Expires.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v, %v", kept, err)
	}
	for range 2 {
		if got := w.do(t, operator, "DELETE", "/v1/tokens/"+made.str("id"), ""); got.status != 204 {
			t.Errorf("status %d", got.status)
		}
	}
	if _, err := w.rows.Token(t.Context(), made.str("id")); errs.KindOf(err) != errs.NotFound {
		t.Error(err)
	}
}
