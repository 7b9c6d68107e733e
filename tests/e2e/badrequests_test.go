//go:build integration

package e2e

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/access"
	"sluice/tests/clouds"
)

// TestBadRequestsAreRejectedWithErrorCodes checks that each bad request is rejected and creates nothing.
func TestBadRequestsAreRejectedWithErrorCodes(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	c, operator := d.newCaller(t, "requests"), d.operatorCaller(t)
	for _, tt := range []struct {
		name   string
		by     apiCaller
		path   string
		body   string
		status int
		code   string
	}{
		{"no body", c, "/v1/uploads", "", 400, "body_malformed"},
		{"half a body", c, "/v1/uploads", `{"file_name": "a.mp4", "size": 1`, 400, "body_malformed"},
		{"two bodies", c, "/v1/uploads", `{"file_name": "a.mp4", "size": 1} {}`, 400, "body_malformed"},
		{"a list", c, "/v1/videos", `[{"url": "https://example.com/a.mp4"}]`, 400, "body_malformed"},
		{
			"lists in lists", c, "/v1/uploads",
			`{"file_name": "a.mp4", "size": 1, "metadata": ` + nestedLists(100_000) + `}`, 400, "body_malformed",
		},
		{
			"over 1 MiB", c, "/v1/uploads",
			`{"file_name": "a.mp4", "size": 1, "title": "` + strings.Repeat("a", 1<<20) + `"}`, 413, "body_too_large",
		},
		{
			"what nobody knows", c, "/v1/uploads", `{"file_name": "a.mp4", "size": 1, "bucket": "b"}`, 400,
			"field_unknown",
		},
		{"http", c, "/v1/videos", `{"url": "http://example.com/a.mp4"}`, 422, "url_not_https"},
		{"a file", c, "/v1/videos", `{"url": "file:///etc/passwd"}`, 422, "url_not_https"},
		{"a host of no public name", c, "/v1/videos", `{"url": "https://localhost/a.mp4"}`, 422, "url_not_public"},
		{
			"a tenant that there is not", operator, "/v1/tokens", `{"tenant": "nobody", "scopes": ["videos:read"]}`,
			422, "tenant_not_found",
		},
		{
			"a bucket of Sluice's own", operator, "/v1/sources",
			`{"sender": "000000000000", "bucket": "` + d.stackOutput(t, "SourceBucket") + `", "tenant": "requests"}`,
			422, "bucket_refused",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, header := tt.by.sendRequest(t, tt.status, "POST", tt.path, tt.body)
			if got["code"] != tt.code || got["detail"] == "" ||
				header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%v, %v, want %s", got, header, tt.code)
			}
		})
	}
	if all, _ := c.sendRequest(t, 200, "GET", "/v1/videos", ""); len(all["videos"].([]any)) > 0 {
		t.Errorf("there are videos: %v", all)
	}
}

// nestedLists returns lists in lists, as JSON.
func nestedLists(deep int) string { return strings.Repeat("[", deep) + strings.Repeat("]", deep) }

// TestExpiredAndRevokedTokensAreRejected checks that a token is rejected once it has expired or was revoked.
func TestExpiredAndRevokedTokensAreRejected(t *testing.T) {
	clouds.RequireCapabilities(t, clouds.Authorizers)
	t.Parallel()
	d := openDeployment(t)
	operator := d.operatorCaller(t)
	secret := strings.Repeat("b7", 20)
	newID := func() string { return strings.ToLower(rand.Text()[:12]) } // of the form that the gateway asks for
	over := access.Token{
		ID: newID(), Tenant: "tokens", Scopes: []string{access.ScopeRead},
		SecretHash: access.HashSecret(secret),
		Created:    time.Now().Add(-time.Hour), Expires: time.Now().Add(-time.Second),
	}
	still := over
	still.ID, still.Expires = newID(), time.Now().Add(waitLimit)
	for token, status := range map[*access.Token]int{&over: 401, &still: 200} {
		if err := d.newStore(t).CreateToken(t.Context(), *token); err != nil {
			t.Fatal(err)
		}
		apiCaller{base: d.env.APIURL, token: access.FormatToken(token.ID, secret)}.sendRequest(
			t, status, "GET", "/v1/videos", "",
		)
	}
	d.newCaller(t, "tokens") // creates the tenant
	made, _ := operator.sendRequest(
		t, 201, "POST", "/v1/tokens", `{"tenant": "tokens", "scopes": ["videos:read"], "expires_in": 3600}`,
	)
	operator.sendRequest(t, 204, "DELETE", "/v1/tokens/"+made["id"].(string), "")
	apiCaller{base: d.env.APIURL, token: made["token"].(string)}.sendRequest(t, 401, "GET", "/v1/videos", "")
}
