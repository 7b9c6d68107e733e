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

// tokenVectors are what every check of a token must agree on; shared/domain/playback and infra are held to them too.
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

// Two public videos that the vectors don't know; nobody may watch the first any more.
var (
	deniedID  = "p" + strings.Repeat("d", 32)
	allowedID = "p" + strings.Repeat("a", 32)
)

// TestPromise06_CDNServesOnlyWithTokenInPath sends viewers' requests to the CDN as infra makes it: its distribution,
// origin access control, headers, function, key value store and bucket, from the template for AWS.
//
// In the function one line is not as deployed (see standIn): the local cloud has no store that functions can read, and
// the vectors' tokens are good at one time only. Nor has it TLS, a cache or CloudFront's own JavaScript, and it says 403
// of what is missing. So this does not prove what the store does, how long things are kept, the 404 that the right to
// list is for, or that CloudFront knows the function's syntax, which the tests of infra look at.
func TestPromise06_CDNServesOnlyWithTokenInPath(t *testing.T) {
	clouds.RequireCapabilities(t, clouds.CDNFunctions)
	t.Parallel()
	cfg, v := loadConfig(t), readVectors(t)
	c := deployCDN(t, cfg, v.Now, v.keyValueItems())
	for _, id := range v.playbackIDs() {
		c.putSegment(t, id)
	}
	for _, tt := range append(v.Cases, tokenVector{"denied", "public", deniedID, "video_denied"}, tokenVector{"not denied", "public", allowedID, ""}) {
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
	// Last, as nobody can watch after it.
	t.Run("the bucket lets in by its policy alone", func(t *testing.T) {
		if _, err := c.s3.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &c.bucket}); err != nil {
			t.Fatal(err)
		}
		if got := c.getPath(t, "/p/public/"+allowedID+"/"+segmentPath); got.status != http.StatusForbidden || got.code != "" {
			t.Errorf("%+v", got)
		}
	})
}

// keyValueItems returns what an operator puts into the key value store.
func (v tokenVectors) keyValueItems() map[string]string {
	s := map[string]string{"denied." + deniedID: "taken down"}
	for id, key := range v.Keys {
		s["key."+id] = key
	}
	return s
}

// playbackIDs returns the playback ids that there may be videos of. Also those get one that a case is refused for.
func (v tokenVectors) playbackIDs() []string {
	ids := []string{deniedID, allowedID}
	for _, c := range v.Cases {
		if playback.ValidID(c.Playback) {
			ids = append(ids, c.Playback)
		}
	}
	return ids
}

// checkOtherPathsRejected asks for objects by their keys, and for what a path may be taken for on its way.
func (c cdn) checkOtherPathsRejected(t *testing.T) {
	public := "/p/public/" + allowedID + "/"
	for _, path := range []string{
		"/", "/v/" + allowedID + "/" + segmentPath, public, "/p//" + allowedID + "/" + segmentPath,
		public + "../" + deniedID + "/" + segmentPath, public + "%2e%2e/" + deniedID + "/" + segmentPath,
		public + "720p/../" + segmentPath, public + "720p//00001.m4s", public + "./" + segmentPath, public + segmentPath + "/",
		"/p/public%2f" + allowedID + "/" + segmentPath, strings.ToUpper(public) + segmentPath, "/t/acme/vid_1/source",
	} {
		if got := c.getPath(t, path); got.code != "token_invalid" {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// checkOtherRequestsRejected goes around the function: without TLS, with other methods, and to the bucket itself.
func (c cdn) checkOtherRequestsRejected(t *testing.T) {
	path, key := "/p/public/"+allowedID+"/"+segmentPath, "/v/"+allowedID+"/"+segmentPath
	plain := c.newRequest(t, http.MethodGet, path)
	plain.Header.Del("X-Forwarded-Proto")
	for name, r := range map[string]*http.Request{
		"no TLS":                     plain,
		"the bucket":                 withHost("", c.newRequest(t, http.MethodGet, "/"+c.bucket+key)),
		"the bucket's list":          withHost("", c.newRequest(t, http.MethodGet, "/"+c.bucket)),
		"the bucket by its own name": withHost(c.bucket+".s3.us-east-1.amazonaws.com", c.newRequest(t, http.MethodGet, key)),
		"PUT":                        c.newRequest(t, http.MethodPut, path),
		"POST":                       c.newRequest(t, http.MethodPost, path),
		"DELETE":                     c.newRequest(t, http.MethodDelete, path),
	} {
		if got := c.sendRequest(t, r); got.status != http.StatusForbidden {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := c.getPath(t, path); got.body != allowedID {
		t.Errorf("afterwards: %+v", got)
	}
}

// withHost returns the request as one to another host; "" is the local cloud's own.
func withHost(host string, r *http.Request) *http.Request {
	r.Host = host
	return r
}

// checkHeaders looks at what a player on another page's origin is told with an object, and with a refusal.
func (c cdn) checkHeaders(t *testing.T) {
	for path, want := range map[string]map[string]string{
		"/p/public/" + allowedID + "/" + segmentPath: {
			"Cache-Control": immutableCache, "Content-Type": "video/mp4", "X-Content-Type-Options": "nosniff",
			"Strict-Transport-Security": "max-age=31536000", "Access-Control-Allow-Origin": "*",
		},
		"/p/public/" + deniedID + "/" + segmentPath: {
			"Cache-Control": "no-store", "Content-Type": "application/problem+json", "X-Content-Type-Options": "nosniff",
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
