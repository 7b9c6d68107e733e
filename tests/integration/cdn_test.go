//go:build integration

package integration

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/playback"
	"sluice/tests/clouds"
)

// tokenVectors are the test cases for every implementation of the token check. shared/domain/playback and infra use
// them too.
type tokenVectors struct {
	Now   int64
	Keys  map[string]string
	Cases []tokenVector
}

type tokenVector struct{ Name, Token, Playback, Want string }

func readVectors(t *testing.T) (v tokenVectors) {
	t.Helper()
	b, err := os.ReadFile("../../shared/domain/playback/testdata/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil || len(v.Cases) == 0 {
		t.Fatalf("%d cases: %v", len(v.Cases), err)
	}
	return v
}

const (
	segmentPath    = "720p/00001.m4s"
	immutableCache = "public, max-age=31536000, immutable"
)

// Two public videos that are not in the vectors. The first one is denied.
var (
	deniedID  = "p" + strings.Repeat("d", 32)
	allowedID = "p" + strings.Repeat("a", 32)
)

// TestPromise06_CDNServesOnlyWithTokenInPath sends requests to the CDN as infra defines it: distribution, origin access
// control, headers, edge function, key value store and bucket, from the template for AWS.
//
// The edge function differs in one line (see stubKeyValueStore), because the local cloud has no key value store for
// functions and the tokens are valid at a fixed time. The local cloud also has no TLS, no cache and not CloudFront's
// JavaScript engine, and it answers 403 for a missing object. So this test does not check the store, caching, the 404
// that needs the permission to list, or the syntax that CloudFront accepts; the tests of infra check the syntax.
func TestPromise06_CDNServesOnlyWithTokenInPath(t *testing.T) {
	clouds.RequireCapabilities(t, clouds.CDNFunctions)
	t.Parallel()
	cfg, v := loadConfig(t), readVectors(t)
	c := deployCDN(t, cfg, v.Now, v.keyValueItems())
	for _, id := range v.playbackIDs() {
		c.putSegment(t, id)
	}
	for _, tt := range append(
		v.Cases, tokenVector{"denied", "public", deniedID, "video_denied"},
		tokenVector{"not denied", "public", allowedID, ""},
	) {
		t.Run(tt.Name, func(t *testing.T) {
			got := c.getPath(t, "/p/"+tt.Token+"/"+tt.Playback+"/"+segmentPath)
			if tt.Want == "" && (got.status != http.StatusOK || got.body != tt.Playback) {
				t.Errorf("%+v", got)
			}
			if tt.Want != "" && (got.status != http.StatusForbidden || got.code != tt.Want) {
				t.Errorf("%+v, want %q", got, tt.Want)
			}
		})
	}
	t.Run("no other path", func(t *testing.T) { c.checkOtherPathsRejected(t) })
	t.Run("no other way", func(t *testing.T) { c.checkOtherRequestsRejected(t) })
	t.Run("headers", func(t *testing.T) { c.checkHeaders(t) })
	// This is last, because no request succeeds after it.
	t.Run("the bucket lets in by its policy alone", func(t *testing.T) {
		if _, err := c.s3.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &c.bucket}); err != nil {
			t.Fatal(err)
		}
		if got := c.getPath(t, "/p/public/"+allowedID+"/"+segmentPath); got.status != http.StatusForbidden ||
			got.code != "" {
			t.Errorf("%+v", got)
		}
	})
}

// keyValueItems returns the content of the key value store.
func (v tokenVectors) keyValueItems() map[string]string {
	s := map[string]string{"denied." + deniedID: "taken down"}
	for id, key := range v.Keys {
		s["key."+id] = key
	}
	return s
}

// playbackIDs returns the playback ids for which a video is created, including those of rejected requests.
func (v tokenVectors) playbackIDs() []string {
	ids := []string{deniedID, allowedID}
	for _, vector := range v.Cases {
		if playback.ValidID(vector.Playback) {
			ids = append(ids, vector.Playback)
		}
	}
	return ids
}

// checkOtherPathsRejected requests objects by their keys and by paths that could be normalized on the way.
func (c cdn) checkOtherPathsRejected(t *testing.T) {
	public := "/p/public/" + allowedID + "/"
	for _, path := range []string{
		"/", "/v/" + allowedID + "/" + segmentPath, public, "/p//" + allowedID + "/" + segmentPath,
		public + "../" + deniedID + "/" + segmentPath, public + "%2e%2e/" + deniedID + "/" + segmentPath,
		public + "720p/../" + segmentPath, public + "720p//00001.m4s", public + "./" + segmentPath,
		public + segmentPath + "/",
		"/p/public%2f" + allowedID + "/" + segmentPath, strings.ToUpper(public) + segmentPath, "/t/acme/vid_1/source",
	} {
		if got := c.getPath(t, path); got.code != "token_invalid" {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// checkOtherRequestsRejected bypasses the edge function: without TLS, with other methods, and at the bucket itself.
func (c cdn) checkOtherRequestsRejected(t *testing.T) {
	path, key := "/p/public/"+allowedID+"/"+segmentPath, "/v/"+allowedID+"/"+segmentPath
	plain := c.newRequest(t, http.MethodGet, path)
	plain.Header.Del("X-Forwarded-Proto")
	for name, r := range map[string]*http.Request{
		"no TLS":            plain,
		"the bucket":        withHost("", c.newRequest(t, http.MethodGet, "/"+c.bucket+key)),
		"the bucket's list": withHost("", c.newRequest(t, http.MethodGet, "/"+c.bucket)),
		"the bucket by its own name": withHost(
			c.bucket+".s3.us-east-1.amazonaws.com", c.newRequest(t, http.MethodGet, key),
		),
		"PUT":    c.newRequest(t, http.MethodPut, path),
		"POST":   c.newRequest(t, http.MethodPost, path),
		"DELETE": c.newRequest(t, http.MethodDelete, path),
	} {
		if got := c.sendRequest(t, r); got.status != http.StatusForbidden {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := c.getPath(t, path); got.body != allowedID {
		t.Errorf("afterwards: %+v", got)
	}
}

// withHost returns the request with another Host header; "" is the local cloud's own.
func withHost(host string, r *http.Request) *http.Request {
	r.Host = host
	return r
}

// checkHeaders checks the headers that a player on a page of another origin receives, for an object and for a
// rejection.
func (c cdn) checkHeaders(t *testing.T) {
	for path, want := range map[string]map[string]string{
		"/p/public/" + allowedID + "/" + segmentPath: {
			"Cache-Control": immutableCache, "Content-Type": "video/mp4", "X-Content-Type-Options": "nosniff",
			"Strict-Transport-Security": "max-age=31536000", "Access-Control-Allow-Origin": "*",
		},
		"/p/public/" + deniedID + "/" + segmentPath: {
			"Cache-Control": "no-store", "Content-Type": "application/problem+json",
			"X-Content-Type-Options":    "nosniff",
			"Strict-Transport-Security": "", "Access-Control-Allow-Origin": "*",
		},
	} {
		header, got := c.getPath(t, path).header, map[string]string{}
		for name := range want {
			got[name] = header.Get(name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
}
