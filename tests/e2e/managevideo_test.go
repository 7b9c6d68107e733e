//go:build integration

package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sluice/localstack/cloud"
)

// apiCaller sends requests to the API as a tenant or as the operator, and requires a status.
type apiCaller struct {
	base, token string
	sign        func(*http.Request, string) // nil: unsigned
}

// newCaller returns a caller with a new token of a tenant. Without scopes the token is for the tenant's videos.
func (d deployment) newCaller(t *testing.T, tenant string, scopes ...string) apiCaller {
	t.Helper()
	token, err := cloud.AdminClient{URL: d.env.APIURL, AWS: d.aws}.CreateToken(t.Context(), tenant, scopes...)
	if err != nil {
		t.Fatal(err)
	}
	return apiCaller{base: d.env.APIURL, token: token}
}

// operatorCaller returns a caller with the credentials of the account.
func (d deployment) operatorCaller(t *testing.T) apiCaller {
	return apiCaller{base: d.env.APIURL, sign: func(r *http.Request, body string) {
		d.signRequest(t, r, "execute-api", []byte(body))
	}}
}

func (c apiCaller) sendRequest(
	t *testing.T, status int, method, path, body string, headers ...string,
) (map[string]any, http.Header) {
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
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil && status != http.StatusAccepted &&
		status != http.StatusNoContent {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("%s %s: %d %v, not %d", method, path, res.StatusCode, got, status)
	}
	return got, res.Header
}

// TestVideoIsCreatedRenamedCancelledAndDeleted creates a video once with two requests, finds, renames, cancels and
// deletes it.
func TestVideoIsCreatedRenamedCancelledAndDeleted(t *testing.T) {
	d := openDeployment(t)
	c := d.newCaller(t, "managed")
	const body = `{"file_name": "a.mp4", "size": 1000, "external_id": "e 1", "metadata": {"album": "7"}}`
	first, _ := c.sendRequest(t, 201, "POST", "/v1/uploads", body, "Idempotency-Key", c.token)
	again, header := c.sendRequest(t, 201, "POST", "/v1/uploads", body, "Idempotency-Key", c.token)
	if first["upload_id"] != again["upload_id"] || header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%v, then %v", first, again)
	}
	id, upload := first["video_id"].(string), "/v1/uploads/"+first["upload_id"].(string)
	path := "/v1/videos/" + id
	c.sendRequest(t, 200, "PATCH", path, `{"title": "New"}`)
	page, _ := c.sendRequest(t, 200, "GET", "/v1/videos?external_id=e+1&limit=1", "")
	if found := page["videos"].([]any)[0].(map[string]any); found["id"] != id || found["title"] != "New" {
		t.Errorf("found %v", found)
	}
	c.sendRequest(t, 204, "DELETE", upload, "")
	d.waitUntilIdle(t)
	v, _ := c.sendRequest(t, 200, "GET", path, "")
	if v["state"] != "cancelled" {
		t.Errorf("cancelled, and still %v", v["state"])
	}
	playlist := "/p/public/" + v["playback"].(map[string]any)["id"].(string) + "/master.m3u8"
	c.sendRequest(t, 404, "GET", playlist, "")
	c.sendRequest(t, 202, "DELETE", path, "")
	d.waitUntilIdle(t)
	if v, _ := c.sendRequest(t, 200, "GET", path, ""); v["state"] != "deleting" {
		t.Errorf("deleted, and still %v", v["state"])
	}
	if denied, _ := c.sendRequest(t, 403, "GET", playlist, ""); denied["code"] != "video_denied" {
		t.Errorf("deleted, and its playlist answers %v", denied)
	}
	c.sendRequest(t, 404, "GET", upload, "")
	line, _ := c.sendRequest(t, 200, "GET", path+"/timeline", "")
	if n := len(line["entries"].([]any)); n < 3 {
		t.Errorf("a timeline of %d entries", n)
	}
}

// TestBrowserPreflightIsAllowed sends the OPTIONS request of a browser, which has no token.
func TestBrowserPreflightIsAllowed(t *testing.T) {
	c := apiCaller{base: openDeployment(t).env.APIURL}
	_, header := c.sendRequest(
		t, 204, "OPTIONS", "/v1/videos/vid_1", "", "Origin", "https://example.com", "Access-Control-Request-Method",
		"PATCH",
	)
	if header.Get(
		"Access-Control-Allow-Origin",
	) != "*" || !strings.Contains(header.Get("Access-Control-Allow-Methods"), "PATCH") {
		t.Errorf("%v", header)
	}
}
