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

// vectors are what every check of a token must agree on; shared/domain/playback and infra are held to them too.
type vectors struct {
	Now   int64
	Keys  map[string]string
	Cases []vector
}

type vector struct{ Name, Token, Playback, Want string }

func readVectors(t *testing.T) (v vectors) {
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
	segment = "720p/00001.m4s"
	forEver = "public, max-age=31536000, immutable"
)

// Two public videos that the vectors don't know; nobody may watch the first any more.
var (
	denied  = "p" + strings.Repeat("d", 32)
	allowed = "p" + strings.Repeat("a", 32)
)

// TestPromise06_OnlyTheTokenInThePathOpensTheCDN sends viewers' requests to the CDN as infra makes it: its distribution,
// origin access control, headers, function, key value store and bucket, from the template for AWS.
//
// In the function one line is not as deployed (see standIn): the local cloud has no store that functions can read, and
// the vectors' tokens are good at one time only. Nor has it TLS, a cache or CloudFront's own JavaScript, and it says 403
// of what is missing. So this does not prove what the store does, how long things are kept, the 404 that the right to
// list is for, or that CloudFront knows the function's syntax, which the tests of infra look at.
func TestPromise06_OnlyTheTokenInThePathOpensTheCDN(t *testing.T) {
	clouds.Needs(t, clouds.Edge)
	t.Parallel()
	cfg, v := cloud(t), readVectors(t)
	c := openCDN(t, cfg, v.Now, v.store())
	for _, id := range v.ids() {
		c.put(t, id)
	}
	for _, tt := range append(v.Cases, vector{"denied", "public", denied, "video_denied"}, vector{"not denied", "public", allowed, ""}) {
		t.Run(tt.Name, func(t *testing.T) {
			got := c.get(t, "/p/"+tt.Token+"/"+tt.Playback+"/"+segment)
			if tt.Want == "" && (got.status != http.StatusOK || got.body != tt.Playback) {
				t.Errorf("%+v", got)
			}
			if tt.Want != "" && (got.status != http.StatusForbidden || got.code != tt.Want) {
				t.Errorf("%+v, want %q", got, tt.Want)
			}
		})
	}
	t.Run("no other path", func(t *testing.T) { c.refusesOtherPaths(t) })
	t.Run("no other way", func(t *testing.T) { c.refusesOtherWays(t) })
	t.Run("headers", func(t *testing.T) { c.setsHeaders(t) })
	// Last, as nobody can watch after it.
	t.Run("the bucket lets in by its policy alone", func(t *testing.T) {
		if _, err := c.s3.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &c.bucket}); err != nil {
			t.Fatal(err)
		}
		if got := c.get(t, "/p/public/"+allowed+"/"+segment); got.status != http.StatusForbidden || got.code != "" {
			t.Errorf("%+v", got)
		}
	})
}

// store returns what an operator puts into the key value store.
func (v vectors) store() map[string]string {
	s := map[string]string{"denied." + denied: "taken down"}
	for id, key := range v.Keys {
		s["key."+id] = key
	}
	return s
}

// ids returns the playback ids that there may be videos of. Also those get one that a case is refused for.
func (v vectors) ids() []string {
	ids := []string{denied, allowed}
	for _, c := range v.Cases {
		if playback.Valid(c.Playback) {
			ids = append(ids, c.Playback)
		}
	}
	return ids
}

// refusesOtherPaths asks for objects by their keys, and for what a path may be taken for on its way.
func (c cdn) refusesOtherPaths(t *testing.T) {
	public := "/p/public/" + allowed + "/"
	for _, path := range []string{
		"/", "/v/" + allowed + "/" + segment, public, "/p//" + allowed + "/" + segment,
		public + "../" + denied + "/" + segment, public + "%2e%2e/" + denied + "/" + segment,
		public + "720p/../" + segment, public + "720p//00001.m4s", public + "./" + segment, public + segment + "/",
		"/p/public%2f" + allowed + "/" + segment, strings.ToUpper(public) + segment, "/t/acme/vid_1/source",
	} {
		if got := c.get(t, path); got.code != "token_invalid" {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// refusesOtherWays goes around the function: without TLS, with other methods, and to the bucket itself.
func (c cdn) refusesOtherWays(t *testing.T) {
	path, key := "/p/public/"+allowed+"/"+segment, "/v/"+allowed+"/"+segment
	plain := c.request(t, http.MethodGet, path)
	plain.Header.Del("X-Forwarded-Proto")
	for name, r := range map[string]*http.Request{
		"no TLS":                     plain,
		"the bucket":                 at("", c.request(t, http.MethodGet, "/"+c.bucket+key)),
		"the bucket's list":          at("", c.request(t, http.MethodGet, "/"+c.bucket)),
		"the bucket by its own name": at(c.bucket+".s3.us-east-1.amazonaws.com", c.request(t, http.MethodGet, key)),
		"PUT":                        c.request(t, http.MethodPut, path),
		"POST":                       c.request(t, http.MethodPost, path),
		"DELETE":                     c.request(t, http.MethodDelete, path),
	} {
		if got := c.do(t, r); got.status != http.StatusForbidden {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := c.get(t, path); got.body != allowed {
		t.Errorf("afterwards: %+v", got)
	}
}

// at returns the request as one to another host; "" is the local cloud's own.
func at(host string, r *http.Request) *http.Request {
	r.Host = host
	return r
}

// setsHeaders looks at what a player on another page's origin is told with an object, and with a refusal.
func (c cdn) setsHeaders(t *testing.T) {
	for path, want := range map[string]map[string]string{
		"/p/public/" + allowed + "/" + segment: {
			"Cache-Control": forEver, "Content-Type": "video/mp4", "X-Content-Type-Options": "nosniff",
			"Strict-Transport-Security": "max-age=31536000", "Access-Control-Allow-Origin": "*",
		},
		"/p/public/" + denied + "/" + segment: {
			"Cache-Control": "no-store", "Content-Type": "application/problem+json", "X-Content-Type-Options": "nosniff",
			"Strict-Transport-Security": "", "Access-Control-Allow-Origin": "*",
		},
	} {
		header, got := c.get(t, path).header, map[string]string{}
		for name := range want {
			got[name] = header.Get(name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
}
