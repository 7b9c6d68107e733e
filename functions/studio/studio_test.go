package studio_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"sluice/docs"
	"sluice/functions/studio"
	"sluice/shared/platform/httpapi"
)

var updateGolden = flag.Bool("update", false, "rewrite the golden file")

type response = lambdaevents.APIGatewayProxyResponse

// getPage returns the response of a path of the page.
func getPage(tb testing.TB, p studio.Page, path string) response {
	tb.Helper()
	p.Log = slog.New(slog.DiscardHandler)
	h, err := p.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := httpapi.NewGatewayFunc(h, p.Log)(
		tb.Context(), lambdaevents.APIGatewayProxyRequest{HTTPMethod: "GET", Path: path},
	)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func headerValue(a response, name string) string {
	return strings.Join(a.MultiValueHeaders[name], ", ")
}

// pageOnAWS is a page with a URL for uploads and one for media.
var pageOnAWS = studio.Page{
	UploadURL: "https://originals.s3.eu-central-1.amazonaws.com/", MediaURL: "https://d1.cloudfront.net",
}

// The page has the same links at the root of a custom domain and below the stage of API Gateway's own address.
func TestStudioLinksStayBelowTheBaseURL(t *testing.T) {
	t.Parallel()
	links := regexp.MustCompile(`(?:src|href)="([^"#:]+)"`).FindAllStringSubmatch(
		getPage(t, pageOnAWS, "/studio").Body, -1,
	)
	if len(links) == 0 {
		t.Fatal("the page has no links")
	}
	for _, base := range []string{"https://video.example/", "https://a1.execute-api.eu-west-1.amazonaws.com/prod/"} {
		page, err := url.Parse(base + "studio")
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range links {
			to, err := page.Parse(link[1])
			if err != nil || !strings.HasPrefix(to.String(), base) {
				t.Errorf("%s at %s leads to %v, %v", link[1], page, to, err)
				continue
			}
			path, _, _ := strings.Cut("/"+strings.TrimPrefix(to.String(), base), "?")
			if got := getPage(t, pageOnAWS, path); strings.HasPrefix(path, "/studio/") && got.StatusCode != 200 {
				t.Errorf("%s: status %d", path, got.StatusCode)
			}
		}
	}
}

// TestStudioPageMatchesGolden compares the page's headers and text, without the versions of its assets.
func TestStudioPageMatchesGolden(t *testing.T) {
	t.Parallel()
	got := getPage(t, pageOnAWS, "/studio")
	var text strings.Builder
	fmt.Fprintln(&text, got.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(got.MultiValueHeaders)) {
		fmt.Fprintf(&text, "%s: %s\n", name, headerValue(got, name))
	}
	text.WriteString(
		"\n" + regexp.MustCompile(`studio/[0-9a-f]{12}/|\?v=[0-9a-f]{8}`).ReplaceAllStringFunc(
			got.Body, func(s string) string {
				return strings.TrimRight(s, "0123456789abcdef/") + "/VERSION/"
			},
		),
	)
	file := filepath.Join("testdata", "page.golden")
	if *updateGolden {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), text.String()); d != "" {
		t.Error(d)
	}
}

// A URL that could add a directive to the policy is left out.
func TestPolicyAllowsOnlyConfiguredOrigins(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, uploads, media, connect, play string
	}{
		{
			"on AWS", pageOnAWS.UploadURL, pageOnAWS.MediaURL,
			"'self' https://originals.s3.eu-central-1.amazonaws.com https://d1.cloudfront.net",
			"'self' blob: https://d1.cloudfront.net",
		},
		{"local", "http://127.0.0.1:4566", "", "'self' http://127.0.0.1:4566", "'self' blob: http://127.0.0.1:4566"},
		{"neither", "", "", "'self'", "'self' blob:"},
		{
			"one for both", "https://a.example/x", "https://a.example", "'self' https://a.example",
			"'self' blob: https://a.example",
		},
		{"no addresses", "a.example", "javascript://x", "'self'", "'self' blob:"},
		{"more than an address", "https://a.example; script-src *", "https://*", "'self'", "'self' blob:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			policy := map[string]string{}
			for directive := range strings.SplitSeq(
				headerValue(
					getPage(t, studio.Page{UploadURL: row.uploads, MediaURL: row.media}, "/studio"),
					"Content-Security-Policy",
				),
				"; ",
			) {
				name, value, _ := strings.Cut(directive, " ")
				policy[name] = value
			}
			if policy["connect-src"] != row.connect || policy["media-src"] != row.play {
				t.Errorf("connect-src %s; media-src %s", policy["connect-src"], policy["media-src"])
			}
			if policy["script-src"] != "'self'" || policy["default-src"] != "'none'" || len(policy) != 11 {
				t.Errorf("policy %v", policy)
			}
		})
	}
}

// All links must be relative, since the page does not know its base URL.
func TestStudioPageHasNoInlineOrForeignContent(t *testing.T) {
	t.Parallel()
	page := getPage(t, studio.Page{}, "/studio").Body
	for _, bad := range []string{`//`, ` style=`, ` on[a-z]+=`, `<style`, `<script>`, `(src|href)="/`} {
		if found := regexp.MustCompile(bad).FindString(page); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
}

// No module turns text into markup or code, or stores anything in the browser.
func TestModulesUseNoUnsafeDOMOrStorage(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("web/*.js")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d modules: %v", len(files), err)
	}
	bad := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|sessionStorage|indexedDB|document\.cookie|\.style\.cssText|https://[a-z]`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if found := bad.Find(text); found != nil {
			t.Errorf("%s has %s", f, found)
		}
	}
}

// TestAssetsAreCachedByVersion checks that each asset of the page and of its modules is served and cached for ever, but
// not under another version.
func TestAssetsAreCachedByVersion(t *testing.T) {
	t.Parallel()
	page := getPage(t, studio.Page{}, "/studio").Body
	version := regexp.MustCompile(`studio/([0-9a-f]{12})/`).FindStringSubmatch(page)[1]
	names := []string{"errors.md"}
	addNames := func(text, pattern string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			if !slices.Contains(names, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	addNames(page, `studio/[0-9a-f]{12}/([^"]+)"`)
	for i := 0; i < len(names); i++ { // modules import others
		got := getPage(t, studio.Page{}, "/studio/"+version+"/"+names[i])
		if got.StatusCode != 200 || got.IsBase64Encoded || headerValue(
			got, "Cache-Control",
		) != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d %s", names[i], got.StatusCode, headerValue(got, "Cache-Control"))
		}
		if headerValue(got, "X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(headerValue(got, "Content-Type"), "/") {
			t.Errorf("%s: %v", names[i], got.MultiValueHeaders)
		}
		addNames(got.Body, `"\./([a-z]+\.js)"`)
	}
	if len(names) < 15 {
		t.Errorf("the page has only the assets %v", names)
	}
	if old := getPage(t, studio.Page{}, "/studio/000000000000/studio.js"); old.StatusCode != 200 ||
		strings.Contains(headerValue(old, "Cache-Control"), "immutable") {
		t.Errorf("of another version: %d %s", old.StatusCode, headerValue(old, "Cache-Control"))
	}
	if list := getPage(t, studio.Page{}, "/studio/"+version+"/errors.md"); list.Body != docs.ErrorsMarkdown {
		t.Error("errors.md is not docs/errors.md")
	}
	for _, name := range []string{"studio.html", "README.md", "..", "x"} {
		if got := getPage(t, studio.Page{}, "/studio/"+version+"/"+name); got.StatusCode != 404 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
}

// The player's URL must have the version of the file, so that it is cached for ever.
func TestPlayerVersionMatchesTheWatchPage(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../play/web/hls.min.js")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(file)
	want := `data-player="watch/assets/hls.min.js?v=` + hex.EncodeToString(sum[:4]) + `"`
	if page := getPage(t, studio.Page{}, "/studio").Body; !strings.Contains(page, want) {
		t.Errorf("the page lacks %s", want)
	}
}
