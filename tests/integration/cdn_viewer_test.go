//go:build integration

package integration

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sluice/shared/domain/playback"
	"sluice/shared/platform/blob"
)

// putSegment writes a segment whose content is the id of the video.
func (c cdn) putSegment(t *testing.T, id string) {
	t.Helper()
	meta := blob.Metadata{ContentType: "video/mp4", CacheControl: immutableCache}
	if err := blob.NewBucket(c.s3, c.bucket).PutObject(
		t.Context(), playback.ObjectPrefix(id)+segmentPath, strings.NewReader(id), meta,
	); err != nil {
		t.Fatal(err)
	}
}

// cdnResponse is a response, with the code of its problem document.
type cdnResponse struct {
	status     int
	code, body string
	header     http.Header
}

// newRequest returns a viewer's request to the distribution, as after TLS termination. The path is sent unchanged.
func (c cdn) newRequest(t *testing.T, method, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.endpoint, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.URL = &url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host, Opaque: path}
	r.Host = c.host
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("Origin", "https://a.page.test")
	return r
}

func (c cdn) getPath(t *testing.T, path string) cdnResponse {
	t.Helper()
	return c.sendRequest(t, c.newRequest(t, http.MethodGet, path))
}

func (c cdn) sendRequest(t *testing.T, r *http.Request) cdnResponse {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := cdnResponse{status: resp.StatusCode, body: string(body), header: resp.Header}
	if resp.Header.Get("Content-Type") == "application/problem+json" {
		var problem struct{ Code string }
		if err := json.Unmarshal(body, &problem); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		got.code = problem.Code
	}
	return got
}
