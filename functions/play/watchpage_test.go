package play_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateGolden = flag.Bool("update", false, "rewrite the golden file")

// TestWatchPageMatchesGolden compares the page's headers and text, without the versions of its assets.
func TestWatchPageMatchesGolden(t *testing.T) {
	t.Parallel()
	got := newFixture(t).get("/watch/" + publicID)
	var text bytes.Buffer
	fmt.Fprintln(&text, got.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(got.MultiValueHeaders)) {
		fmt.Fprintf(&text, "%s: %s\n", name, headerValue(got, name))
	}
	text.WriteString("\n" + regexp.MustCompile(`\?v=[0-9a-f]{8}"`).ReplaceAllString(got.Body, `?v=VERSION"`))
	const file = "testdata/page.golden"
	if *updateGolden {
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
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

func TestWatchPageUsesTheCDN(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"https://d1.cloudfront.net", "https://d1.cloudfront.net/"} {
		fx := newFixture(t)
		fx.MediaURL = base
		fx.rebuildHandler(t)
		want := `data-src="https://d1.cloudfront.net/p/public/` + publicID + `/master.m3u8"`
		if page := fx.get("/watch/" + publicID).Body; !strings.Contains(page, want) {
			t.Errorf("with %s the page lacks %s:\n%s", base, want, page)
		}
	}
}

func TestWatchPageEscapesTheMediaURL(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	fx.MediaURL = `https://d1.example/"><script>&amp;`
	fx.rebuildHandler(t)
	want := `data-src="https://d1.example/&#34;&gt;&lt;script&gt;&amp;amp;/p/public/` + publicID + `/master.m3u8"`
	if page := fx.get("/watch/" + publicID).Body; !strings.Contains(page, want) {
		t.Errorf("the page lacks %s:\n%s", want, page)
	}
}

func TestWatchPageOfInvalidIDIsNotFound(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"x", publicID + "a", `"><script>`, "assets"} {
		if got := newFixture(t).get("/watch/" + id); got.StatusCode != 404 {
			t.Errorf("%q: %d %s", id, got.StatusCode, got.Body)
		}
	}
}

// All links must be relative, since the page does not know its base URL.
func TestWatchPageHasNoInlineOrForeignContent(t *testing.T) {
	t.Parallel()
	page := newFixture(t).get("/watch/" + publicID).Body
	for _, bad := range []string{`//`, ` style=`, ` on[a-z]+=`, `<style`, `<script>`, `(src|href)="/`} {
		if found := regexp.MustCompile(bad).FindString(page); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
}

// TestAssetsAreCachedByVersion checks that each asset of the page is served and cached for ever, but not under another
// version.
func TestAssetsAreCachedByVersion(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	links := regexp.MustCompile(`assets/([^?"]+)\?v=([0-9a-f]{8})"`).FindAllStringSubmatch(
		fx.get("/watch/"+publicID).Body, -1,
	)
	if len(links) != 3 {
		t.Fatalf("the page links %v", links)
	}
	for _, l := range links {
		got := fx.get("/watch/assets/"+l[1], "v", l[2])
		if got.StatusCode != 200 || got.IsBase64Encoded || headerValue(
			got, "Cache-Control",
		) != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d %s", l[1], got.StatusCode, headerValue(got, "Cache-Control"))
		}
		if kind := headerValue(got, "Content-Type"); !strings.HasPrefix(kind, "text/javascript") &&
			!strings.HasPrefix(kind, "text/css") {
			t.Errorf("%s: Content-Type %q", l[1], kind)
		}
		if old := fx.get("/watch/assets/"+l[1], "v", "00000000"); old.StatusCode != 200 ||
			strings.Contains(headerValue(old, "Cache-Control"), "immutable") {
			t.Errorf("%s of another version: %d %s", l[1], old.StatusCode, headerValue(old, "Cache-Control"))
		}
	}
	if got := fx.get("/watch/assets/hls.LICENSE"); got.StatusCode != 200 || !strings.Contains(got.Body, "Apache") {
		t.Errorf("licence: %d", got.StatusCode)
	}
	for _, name := range []string{"watch.html", "README.md", "x", ".."} {
		if got := fx.get("/watch/assets/" + name); got.StatusCode != 404 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
}
