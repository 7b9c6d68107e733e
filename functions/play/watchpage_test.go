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

// TestWatchPageMatchesGolden holds the page's headers and text. Versions of assets are blanked: they change with the assets.
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

// TestWatchPageUsesTheCDN: where there is one, its address is in the page, whole.
func TestWatchPageUsesTheCDN(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"https://d1.cloudfront.net", "https://d1.cloudfront.net/"} {
		th := newFixture(t)
		th.MediaURL = base
		th.rebuildHandler(t)
		want := `data-src="https://d1.cloudfront.net/p/public/` + publicID + `/master.m3u8"`
		if page := th.get("/watch/" + publicID).Body; !strings.Contains(page, want) {
			t.Errorf("with %s the page lacks %s:\n%s", base, want, page)
		}
	}
}

// TestWatchPageEscapesTheMediaURL: nothing in it can end the attribute that it stands in.
func TestWatchPageEscapesTheMediaURL(t *testing.T) {
	t.Parallel()
	th := newFixture(t)
	th.MediaURL = `https://d1.example/"><script>&amp;`
	th.rebuildHandler(t)
	want := `data-src="https://d1.example/&#34;&gt;&lt;script&gt;&amp;amp;/p/public/` + publicID + `/master.m3u8"`
	if page := th.get("/watch/" + publicID).Body; !strings.Contains(page, want) {
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

// TestWatchPageHasNoInlineOrForeignContent: nothing inline, nothing from another host, and every address relative, as the page lives
// below a base that it does not know.
func TestWatchPageHasNoInlineOrForeignContent(t *testing.T) {
	t.Parallel()
	page := newFixture(t).get("/watch/" + publicID).Body
	for _, bad := range []string{`//`, ` style=`, ` on[a-z]+=`, `<style`, `<script>`, `(src|href)="/`} {
		if found := regexp.MustCompile(bad).FindString(page); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
}

// TestAssetsAreCachedByVersion: what the page names is there and may be kept for ever; under any other version only for a while.
func TestAssetsAreCachedByVersion(t *testing.T) {
	t.Parallel()
	th := newFixture(t)
	links := regexp.MustCompile(`assets/([^?"]+)\?v=([0-9a-f]{8})"`).FindAllStringSubmatch(th.get("/watch/"+publicID).Body, -1)
	if len(links) != 3 {
		t.Fatalf("the page names %v", links)
	}
	for _, l := range links {
		got := th.get("/watch/assets/"+l[1], "v", l[2])
		if got.StatusCode != 200 || got.IsBase64Encoded || headerValue(got, "Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d %s", l[1], got.StatusCode, headerValue(got, "Cache-Control"))
		}
		if kind := headerValue(got, "Content-Type"); !strings.HasPrefix(kind, "text/javascript") && !strings.HasPrefix(kind, "text/css") {
			t.Errorf("%s: Content-Type %q", l[1], kind)
		}
		if old := th.get("/watch/assets/"+l[1], "v", "00000000"); old.StatusCode != 200 || strings.Contains(headerValue(old, "Cache-Control"), "immutable") {
			t.Errorf("%s of another version: %d %s", l[1], old.StatusCode, headerValue(old, "Cache-Control"))
		}
	}
	if got := th.get("/watch/assets/hls.LICENSE"); got.StatusCode != 200 || !strings.Contains(got.Body, "Apache") {
		t.Errorf("licence: %d", got.StatusCode)
	}
	for _, name := range []string{"watch.html", "README.md", "x", ".."} {
		if got := th.get("/watch/assets/" + name); got.StatusCode != 404 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
}
