//go:build integration

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"sluice/shared/domain/video"
	"sluice/tests/clouds"
)

// What is refused at the door leaves nothing behind it.
func TestBadRequestsAreRefusedWithTheirCodes(t *testing.T) {
	t.Parallel()
	w := open(t)
	c, operator := w.caller(t, "requests"), w.operator(t)
	for _, tt := range []struct {
		name   string
		by     caller
		path   string
		body   string
		status int
		code   string
	}{
		{"no body", c, "/v1/uploads", "", 400, "body_malformed"},
		{"half a body", c, "/v1/uploads", `{"file_name": "a.mp4", "size": 1`, 400, "body_malformed"},
		{"two bodies", c, "/v1/uploads", `{"file_name": "a.mp4", "size": 1} {}`, 400, "body_malformed"},
		{"a list", c, "/v1/videos", `[{"url": "https://example.com/a.mp4"}]`, 400, "body_malformed"},
		{"lists in lists", c, "/v1/uploads", `{"file_name": "a.mp4", "size": 1, "metadata": ` + nested(100_000) + `}`, 400, "body_malformed"},
		{"over 1 MiB", c, "/v1/uploads", `{"file_name": "a.mp4", "size": 1, "title": "` + strings.Repeat("a", 1<<20) + `"}`, 413, "body_too_large"},
		{"what nobody knows", c, "/v1/uploads", `{"file_name": "a.mp4", "size": 1, "bucket": "b"}`, 400, "field_unknown"},
		{"http", c, "/v1/videos", `{"url": "http://example.com/a.mp4"}`, 422, "url_not_https"},
		{"a file", c, "/v1/videos", `{"url": "file:///etc/passwd"}`, 422, "url_not_https"},
		{"a host of no public name", c, "/v1/videos", `{"url": "https://localhost/a.mp4"}`, 422, "url_not_public"},
		{"a tenant that there is not", operator, "/v1/tokens", `{"tenant": "nobody", "scopes": ["videos:read"]}`, 422, "tenant_not_found"},
		{"a bucket of Sluice's own", operator, "/v1/sources", `{"sender": "000000000000", "bucket": "` + w.output(t, "SourceBucket") + `", "tenant": "requests"}`, 422, "bucket_refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, header := tt.by.send(t, tt.status, "POST", tt.path, tt.body)
			if got["code"] != tt.code || got["detail"] == "" || header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%v, %v, want %s", got, header, tt.code)
			}
		})
	}
	if all, _ := c.send(t, 200, "GET", "/v1/videos", ""); len(all["videos"].([]any)) > 0 {
		t.Errorf("there are videos: %v", all)
	}
}

// nested returns lists in lists.
func nested(deep int) string { return strings.Repeat("[", deep) + strings.Repeat("]", deep) }

// A token that is over, or was revoked, is nobody's.
func TestATokenEnds(t *testing.T) {
	clouds.Needs(t, clouds.Authorizers)
	t.Parallel()
	w := open(t)
	operator := w.operator(t)
	const secret = "secret"
	over := video.Token{
		ID: strings.ToLower(ulid.Make().String()), Tenant: "tokens", Scopes: []string{video.ScopeRead}, Hash: video.HashSecret(secret),
		Created: time.Now().Add(-time.Hour), Expires: time.Now().Add(-time.Second),
	}
	still := over
	still.ID, still.Expires = "x"+over.ID, time.Now().Add(time.Minute)
	for token, status := range map[*video.Token]int{&over: 401, &still: 200} {
		if err := w.rows(t).PutToken(t.Context(), *token); err != nil {
			t.Fatal(err)
		}
		caller{base: w.env.APIURL, token: video.TokenText(token.ID, secret)}.send(t, status, "GET", "/v1/videos", "")
	}
	w.caller(t, "tokens") // makes the tenant
	made, _ := operator.send(t, 201, "POST", "/v1/tokens", `{"tenant": "tokens", "scopes": ["videos:read"], "expires_in": 3600}`)
	operator.send(t, 204, "DELETE", "/v1/tokens/"+made["id"].(string), "")
	caller{base: w.env.APIURL, token: made["token"].(string)}.send(t, 401, "GET", "/v1/videos", "")
}
