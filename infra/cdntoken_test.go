package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
)

// tokenVectors are test cases for checks of tokens. shared/domain/playback is tested with the same.
type tokenVectors struct {
	Now   int64
	Keys  map[string]string
	Cases []struct{ Name, Token, Playback, Want string }
}

func readVectors(t *testing.T) tokenVectors {
	t.Helper()
	b, err := os.ReadFile("../shared/domain/playback/testdata/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var v tokenVectors
	if err := json.Unmarshal(b, &v); err != nil || len(v.Cases) == 0 {
		t.Fatalf("%d cases: %v", len(v.Cases), err)
	}
	return v
}

// keyValues returns what infra/cdn/key.sh puts into the key value store.
func (v tokenVectors) keyValues() map[string]string {
	s := map[string]string{}
	for id, key := range v.Keys {
		s["key."+id] = key
	}
	return s
}

// edgeResponse is what the function in CloudFront returns: a request to go on with, or a response.
type edgeResponse struct {
	URI        string
	StatusCode int
	Headers    map[string]struct{ Value string }
	Body       struct{ Encoding, Data string }
}

// refusalCode returns the error code of a response; "" if the request goes on.
func (a edgeResponse) refusalCode(t *testing.T) string {
	t.Helper()
	if a.StatusCode == 0 {
		return ""
	}
	var problem struct{ Type, Title, Code, Detail string }
	if err := json.Unmarshal([]byte(a.Body.Data), &problem); err != nil || a.StatusCode != 403 || problem.Detail == "" {
		t.Errorf("refusal %+v: %v", a, err)
	}
	if kind := (errs.Problem{Code: errs.Code(problem.Code)}); problem.Type != kind.Type() ||
		problem.Title != kind.Title() {
		t.Errorf("refusal %+v has another type or title than the API's problems", problem)
	}
	return problem.Code
}

// runEdgeFunction runs the function in Node.js for a GET of each path. now is in Unix seconds.
func runEdgeFunction(t *testing.T, now int64, store map[string]string, uris ...string) []edgeResponse {
	t.Helper()
	return sendEdgeRequests(t, "GET", now, store, uris...)
}

func sendEdgeRequests(
	t *testing.T, method string, now int64, store map[string]string, uris ...string,
) []edgeResponse {
	t.Helper()
	in, err := json.Marshal(map[string]any{
		"code": tokenCheck, "now": now, "store": store, "method": method, "uris": uris,
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "testdata/edge.mjs")
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	var answers []edgeResponse
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(uris) {
		t.Fatalf("%d answers to %d requests: %v", len(answers), len(uris), err)
	}
	return answers
}

func TestEdgeFunctionAgreesWithTokenVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	var uris []string
	for _, c := range v.Cases {
		uris = append(uris, "/p/"+c.Token+"/"+c.Playback+"/720p/00001.m4s")
	}
	for i, got := range runEdgeFunction(t, v.Now, v.keyValues(), uris...) {
		c := v.Cases[i]
		if said := got.refusalCode(t); said != c.Want {
			t.Errorf("%s: %q, not %q", c.Name, said, c.Want)
		}
		if want := "/v/" + c.Playback + "/720p/00001.m4s"; c.Want == "" && got.URI != want {
			t.Errorf("%s: is passed on as %s, not %s", c.Name, got.URI, want)
		}
	}
}

func TestEdgeFunctionRejectsSignedTokensWithoutAValidKey(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	public, sealed := "/p/public/p"+strings.Repeat("a", 32)+"/master.m3u8", ""
	for _, c := range v.Cases {
		if c.Name == "signed token" {
			sealed = "/p/" + c.Token + "/" + c.Playback + "/master.m3u8"
		}
	}
	for _, tt := range []struct {
		name  string
		store map[string]string
		want  []string
	}{
		{"the store has the keys", v.keyValues(), []string{"", ""}},
		{"the store is empty", map[string]string{}, []string{"", "token_invalid"}},
		{"the key is empty", map[string]string{"key.1": ""}, []string{"", "token_invalid"}},
		{"the key is short", map[string]string{"key.1": "k3y-material-of"}, []string{"", "token_invalid"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, a := range runEdgeFunction(t, v.Now, tt.store, public, sealed) {
				got = append(got, a.refusalCode(t))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("public and signed (-want +got):\n%s", d)
			}
		})
	}
}

func TestEdgeFunctionRejectsDeniedVideos(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	denied, other := "p"+strings.Repeat("a", 32), "p"+strings.Repeat("b", 32)
	store := v.keyValues()
	store["denied."+denied] = "taken down"
	got := runEdgeFunction(t, v.Now, store, "/p/public/"+denied+"/master.m3u8", "/p/public/"+other+"/master.m3u8")
	if a, b := got[0].refusalCode(t), got[1].refusalCode(t); a != "video_denied" || b != "" {
		t.Errorf("denied %q, not denied %q", a, b)
	}
}

func TestEdgeFunctionRejectsUnknownPaths(t *testing.T) {
	t.Parallel()
	id := "p" + strings.Repeat("a", 32)
	uris := []string{
		"/p/public/" + id + "/../s" + id[1:] + "/master.m3u8", "/p/public/" + id + "/720p/..",
		"/p/public/" + id + "/./x",
		"/p/public/" + id + "/720p//x", "/p/public/" + id + "/720p/", "/p/public/" + id + "/.x",
		"/", "", "/p", "/p/", "/p/public", "/p/public/" + id, "/p/public/" + id + "/", "/v/" + id + "/master.m3u8",
		"/p/public/x/master.m3u8", "//p/public/" + id + "/master.m3u8", "/p//" + id + "/master.m3u8",
		"/p/public/" + id + "/%2e%2e/x", "/p/public/" + id + "/a b", "/p/public/" + strings.ToUpper(id) + "/x",
		"/p/public/" + id + "/master.m3u8\n", "/P/public/" + id + "/master.m3u8", "/t/acme/vid_1/source",
	}
	for i, a := range runEdgeFunction(t, 1, nil, uris...) {
		if a.refusalCode(t) != "token_invalid" {
			t.Errorf("%q: %+v", uris[i], a)
		}
	}
}

// A player on any page can read why it was refused.
func TestEdgeFunctionRefusalsAllowAnyOriginAndAreNotCached(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for name, h := range runEdgeFunction(t, 1, nil, "/")[0].Headers {
		got[name] = h.Value
	}
	want := map[string]string{
		"access-control-allow-origin": "*", "cache-control": "no-store",
		"content-type": "application/problem+json", "x-content-type-options": "nosniff",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("headers (-want +got):\n%s", d)
	}
}

// A browser asks before it sends what the player wants, and learns only then whether the token is valid.
func TestEdgeFunctionAnswersPreflightRequests(t *testing.T) {
	t.Parallel()
	for i, a := range sendEdgeRequests(t, "OPTIONS", 1, nil, "/p/1.1.x/p1/master.m3u8", "/") {
		got := map[string]string{}
		for name, h := range a.Headers {
			got[name] = h.Value
		}
		want := map[string]string{
			"access-control-allow-origin": "*", "access-control-allow-headers": "*",
			"access-control-allow-methods": "GET, HEAD", "access-control-max-age": "86400",
		}
		if d := cmp.Diff(want, got); d != "" || a.StatusCode != 204 || a.URI != "" {
			t.Errorf("%d: status %d, passed on as %q, headers (-want +got):\n%s", i, a.StatusCode, a.URI, d)
		}
	}
}

// CloudFront takes functions of up to 10 KB, and rejects syntax that Node.js accepts.
func TestEdgeFunctionFitsSizeAndSyntaxLimits(t *testing.T) {
	t.Parallel()
	if n := len(tokenCheck); n > 10*1024 {
		t.Errorf("%d bytes", n)
	}
	for _, unknown := range []string{
		`\?\.`, `\?\?`, `\bclass\b`, `\bfor \(.* of `, `\{.*\} = `, `\brequire\b`, `\(\?<`, `/[a-z]*[vy][a-z]*;`,
	} {
		if found := regexp.MustCompile(unknown).FindString(tokenCheck); found != "" {
			t.Errorf("the runtime may not know %q", found)
		}
	}
}
