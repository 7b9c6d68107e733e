//go:build integration

package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sluice/localstack/cloud"
)

// caller sends requests to the API as a tenant, or else as the operator, and wants their statuses.
type caller struct {
	base, token string
	sign        func(*http.Request, string) // nil: not signed
}

// caller returns one with a new token of a tenant; without scopes, for its videos.
func (w world) caller(t *testing.T, tenant string, scopes ...string) caller {
	t.Helper()
	token, err := cloud.Operator{URL: w.env.APIURL, AWS: w.aws}.Token(t.Context(), tenant, scopes...)
	if err != nil {
		t.Fatal(err)
	}
	return caller{base: w.env.APIURL, token: token}
}

// operator returns one with the rights of the account.
func (w world) operator(t *testing.T) caller {
	return caller{base: w.env.APIURL, sign: func(r *http.Request, body string) { w.sign(t, r, "execute-api", []byte(body)) }}
}

func (c caller) send(t *testing.T, status int, method, path, body string, headers ...string) (map[string]any, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if c.sign != nil {
		c.sign(r, body)
	} else {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil && status != http.StatusAccepted && status != http.StatusNoContent {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("%s %s: %d %v, not %d", method, path, res.StatusCode, got, status)
	}
	return got, res.Header
}

// TestAVideoIsManaged: begun once by two requests, found, renamed, cancelled, deleted.
func TestAVideoIsManaged(t *testing.T) {
	w := open(t)
	c := w.caller(t, "managed")
	const body = `{"file_name": "a.mp4", "size": 1000, "external_id": "e 1", "metadata": {"album": "7"}}`
	first, _ := c.send(t, 201, "POST", "/v1/uploads", body, "Idempotency-Key", c.token)
	again, header := c.send(t, 201, "POST", "/v1/uploads", body, "Idempotency-Key", c.token)
	if first["upload_id"] != again["upload_id"] || header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%v, then %v", first, again)
	}
	id, upload := first["video_id"].(string), "/v1/uploads/"+first["upload_id"].(string)
	path := "/v1/videos/" + id
	c.send(t, 200, "PATCH", path, `{"title": "New"}`)
	page, _ := c.send(t, 200, "GET", "/v1/videos?external_id=e+1&limit=1", "")
	if found := page["videos"].([]any)[0].(map[string]any); found["id"] != id || found["title"] != "New" {
		t.Errorf("found %v", found)
	}
	c.send(t, 204, "DELETE", upload, "")
	w.idle(t)
	if v, _ := c.send(t, 200, "GET", path, ""); v["state"] != "cancelled" {
		t.Errorf("cancelled, and still %v", v["state"])
	}
	c.send(t, 202, "DELETE", path, "")
	w.idle(t)
	if v, _ := c.send(t, 200, "GET", path, ""); v["state"] != "deleting" {
		t.Errorf("deleted, and still %v", v["state"])
	}
	c.send(t, 404, "GET", upload, "")
	line, _ := c.send(t, 200, "GET", path+"/timeline", "")
	if n := len(line["entries"].([]any)); n < 3 {
		t.Errorf("a timeline of %d entries", n)
	}
}

// TestPagesMayCall: a browser asks first, without a token.
func TestPagesMayCall(t *testing.T) {
	c := caller{base: open(t).env.APIURL}
	_, header := c.send(t, 204, "OPTIONS", "/v1/videos/vid_1", "", "Origin", "https://example.com", "Access-Control-Request-Method", "PATCH")
	if header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(header.Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Errorf("%v", header)
	}
}
