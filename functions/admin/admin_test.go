package admin_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/tests/apitest"
)

func TestCreateTenantStoresTenantOnce(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	got := w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	if d := cmp.Diff(map[string]any{"tenant": "acme", "created_at": "2026-11-22T12:00:00.000Z"}, got.JSON); got.Status != 201 || d != "" {
		t.Fatalf("%d %s", got.Status, d)
	}
	if kept, err := w.Store.LoadTenant(t.Context(), "acme"); err != nil || !kept.Created.Equal(apitest.Noon) {
		t.Errorf("kept %v, %v", kept, err)
	}
	if got := w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`); got.Status != 409 || got.Field("code") != "tenant_exists" {
		t.Errorf("the second time: %d %s", got.Status, got.Text)
	}
	for _, name := range []string{"", "A", "a", "acme#x", "-acme", "a/b"} {
		if got := w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "`+name+`"}`); got.Status != 422 || got.Field("code") != "name_invalid" {
			t.Errorf("%q: %d %s", name, got.Status, got.Text)
		}
	}
}

func TestCreateTokenStoresOnlyTheHash(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	got := w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tokens", `{"tenant": "acme", "scopes": ["videos:write", "videos:read", "videos:write"]}`)
	text, id := got.Field("token"), got.Field("id")
	if got.Status != 201 || !regexp.MustCompile(`^slc_[a-z2-7]{12}_[a-z2-7]{40}$`).MatchString(text) {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	parsed, secret, ok := access.ParseToken(text)
	kept, err := w.Store.LoadToken(t.Context(), id)
	if !ok || parsed != id || err != nil || !kept.MatchesSecret(secret) {
		t.Errorf("%s is not the token kept: %v, %v", text, kept, err)
	}
	want := access.Token{ID: id, Tenant: "acme", Scopes: []string{"videos:read", "videos:write"}, SecretHash: access.HashSecret(secret), Created: apitest.Noon}
	if d := cmp.Diff(want, kept); d != "" {
		t.Error(d)
	}
	again := w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tokens", `{"tenant": "acme", "scopes": ["videos:read"]}`)
	if again.Status != 201 || again.Field("token") == text {
		t.Errorf("a second token: %d %s", again.Status, again.Text)
	}
}

func TestCreateTokenRejectsInvalidFields(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	for _, row := range []struct{ name, body, code, pointer string }{
		{"no scopes", `{"tenant": "acme", "scopes": []}`, "scopes_missing", "/scopes"},
		{"unknown scope", `{"tenant": "acme", "scopes": ["videos:read", "admin"]}`, "scope_unknown", "/scopes/1"},
		{"unknown tenant", `{"tenant": "nobody", "scopes": ["videos:read"]}`, "tenant_not_found", "/tenant"},
		{"a life too short", `{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 59}`, "expires_in_out_of_range", "/expires_in"},
		{"a life too long", `{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 31622401}`, "expires_in_out_of_range", "/expires_in"},
		{"tenant that is no key", `{"tenant": "acme#x", "scopes": ["videos:read"]}`, "tenant_not_found", "/tenant"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tokens", row.body)
			if got.Status != 422 || got.Field("code") != row.code || apitest.FirstErrorPointer(got) != row.pointer {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}

func TestTokensExpireAndCanBeDeleted(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	made := w.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tokens", `{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 3600}`)
	if made.Status != 201 || made.Field("expires_at") != "2026-11-22T13:00:00.000Z" {
		t.Fatalf("%d %s", made.Status, made.Text)
	}
	kept, err := w.Store.LoadToken(t.Context(), made.Field("id"))
	if err != nil || !kept.Expires.Equal(apitest.Noon.Add(time.Hour)) {
		t.Errorf("%+v, %v", kept, err)
	}
	for range 2 {
		if got := w.DoRequest(t, apitest.IAMOperator, "DELETE", "/v1/tokens/"+made.Field("id"), ""); got.Status != 204 {
			t.Errorf("status %d", got.Status)
		}
	}
	if _, err := w.Store.LoadToken(t.Context(), made.Field("id")); errs.KindOf(err) != errs.NotFound {
		t.Error(err)
	}
}
