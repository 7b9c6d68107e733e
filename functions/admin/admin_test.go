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
	fx := apitest.New(t)
	got := fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	if d := cmp.Diff(
		map[string]any{"tenant": "acme", "created_at": "2026-11-22T12:00:00.000Z"}, got.JSON,
	); got.Status != 201 || d != "" {
		t.Fatalf("%d %s", got.Status, d)
	}
	if stored, err := fx.Store.LoadTenant(t.Context(), "acme"); err != nil || !stored.Created.Equal(apitest.Noon) {
		t.Errorf("stored %v, %v", stored, err)
	}
	if got := fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`); got.Status != 409 ||
		got.Field("code") != "tenant_exists" {
		t.Errorf("repeated: %d %s", got.Status, got.Text)
	}
	for _, name := range []string{"", "A", "a", "acme#x", "-acme", "a/b"} {
		if got := fx.DoRequest(
			t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "`+name+`"}`,
		); got.Status != 422 || got.Field("code") != "name_invalid" {
			t.Errorf("%q: %d %s", name, got.Status, got.Text)
		}
	}
}

func TestCreateTokenStoresOnlyTheHash(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	got := fx.DoRequest(
		t, apitest.IAMOperator, "POST", "/v1/tokens",
		`{"tenant": "acme", "scopes": ["videos:write", "videos:read", "videos:write"]}`,
	)
	text, id := got.Field("token"), got.Field("id")
	if got.Status != 201 || !regexp.MustCompile(`^slc_[a-z2-7]{12}_[a-z2-7]{40}$`).MatchString(text) {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	parsed, secret, ok := access.ParseToken(text)
	stored, err := fx.Store.LoadToken(t.Context(), id)
	if !ok || parsed != id || err != nil || !stored.MatchesSecret(secret) {
		t.Errorf("%s is not the stored token: %v, %v", text, stored, err)
	}
	want := access.Token{
		ID: id, Tenant: "acme", Scopes: []string{"videos:read", "videos:write"}, SecretHash: access.HashSecret(secret),
		Created: apitest.Noon,
	}
	if d := cmp.Diff(want, stored); d != "" {
		t.Error(d)
	}
	again := fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tokens", `{"tenant": "acme", "scopes": ["videos:read"]}`)
	if again.Status != 201 || again.Field("token") == text {
		t.Errorf("a second token: %d %s", again.Status, again.Text)
	}
}

func TestCreateTokenRejectsInvalidFields(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	for _, row := range []struct{ name, body, code, pointer string }{
		{"no scopes", `{"tenant": "acme", "scopes": []}`, "scopes_missing", "/scopes"},
		{"unknown scope", `{"tenant": "acme", "scopes": ["videos:read", "admin"]}`, "scope_unknown", "/scopes/1"},
		{"unknown tenant", `{"tenant": "nobody", "scopes": ["videos:read"]}`, "tenant_not_found", "/tenant"},
		{
			"lifetime too short", `{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 59}`,
			"expires_in_out_of_range", "/expires_in",
		},
		{
			"lifetime too long", `{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 31622401}`,
			"expires_in_out_of_range", "/expires_in",
		},
		{"invalid tenant id", `{"tenant": "acme#x", "scopes": ["videos:read"]}`, "tenant_not_found", "/tenant"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tokens", row.body)
			if got.Status != 422 || got.Field("code") != row.code || apitest.FirstErrorPointer(got) != row.pointer {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}

func TestTokensExpireAndCanBeDeleted(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	created := fx.DoRequest(
		t, apitest.IAMOperator, "POST", "/v1/tokens",
		`{"tenant": "acme", "scopes": ["videos:read"], "expires_in": 3600}`,
	)
	if created.Status != 201 || created.Field("expires_at") != "2026-11-22T13:00:00.000Z" {
		t.Fatalf("%d %s", created.Status, created.Text)
	}
	stored, err := fx.Store.LoadToken(t.Context(), created.Field("id"))
	if err != nil || !stored.Expires.Equal(apitest.Noon.Add(time.Hour)) {
		t.Errorf("%+v, %v", stored, err)
	}
	for range 2 {
		if got := fx.DoRequest(
			t, apitest.IAMOperator, "DELETE", "/v1/tokens/"+created.Field("id"), "",
		); got.Status != 204 {
			t.Errorf("status %d", got.Status)
		}
	}
	if _, err := fx.Store.LoadToken(t.Context(), created.Field("id")); errs.KindOf(err) != errs.NotFound {
		t.Error(err)
	}
}
