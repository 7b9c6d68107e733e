package main

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

// publishedFiles returns the files of a ready video. Its segments are redirects, as to a bucket.
func publishedFiles() map[string]string {
	return map[string]string{
		"/p/public/p/master.m3u8":     "#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\n720p/index.m3u8\r\n",
		"/p/public/p/720p/index.m3u8": "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4,\n00001.m4s\n#EXTINF:4,\n00002.m4s\n",
		"/p/public/p/720p/00001.m4s":  "→ /bucket/00001.m4s?signature=hush",
		"/bucket/00001.m4s":           "moof",
		"/watch/p":                    "<!doctype html>", "/studio": "<!doctype html>",
	}
}

func makePlayback(a *fake.API) client.Playback {
	return client.Playback{ID: "p", HLS: a.URL + "/p/public/p/master.m3u8", WatchPage: a.URL + "/watch/p"}
}

func TestCheckPlaybackAcceptsPlayableVideo(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Files = publishedFiles()
	if err := checkPlayback(t.Context(), http.DefaultClient, makePlayback(a)); err != nil {
		t.Error(err)
	}
	if a.CountRequests("GET /bucket/00001.m4s") != 1 {
		t.Error("the segment was not fetched")
	}
}

func TestCheckPlaybackReportsUnplayableVideo(t *testing.T) {
	t.Parallel()
	const master, media = "/p/public/p/master.m3u8", "/p/public/p/720p/index.m3u8"
	for _, test := range []struct {
		name, path, text, want string
	}{
		{"no master", master, "", "the master playlist can't be played"},
		{"a page for a master", master, "<html>", "is no HLS playlist"},
		{"a master of nothing", master, "#EXTM3U\n", "names nothing to play"},
		{"a master of no URI", master, "#EXTM3U\n:\n", "which is no URI"},
		{"no rendition", media, "", "the playlist of a rendition can't be played"},
		{"no segment", "/p/public/p/720p/00001.m4s", "", "a segment can't be played"},
		{"no object behind it", "/bucket/00001.m4s", "", "answered 404"},
		{"a loop", "/bucket/00001.m4s", "→ /bucket/00001.m4s?signature=hush", "10 redirects"},
		{"no page", "/watch/p", "", "the page can't be opened"},
		{"no studio", "/studio", "", "the studio can't be opened"},
		// A redirected playlist changes the base URL of its relative URIs.
		{"a playlist elsewhere", media, "→ /bucket/index.m3u8", "a segment can't be played"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := fake.New(t)
			a.Files = publishedFiles()
			a.Files["/bucket/index.m3u8"] = "#EXTM3U\nsegments/00001.m4s\n"
			a.Files[test.path] = test.text
			if test.text == "" {
				maps.DeleteFunc(a.Files, func(path, _ string) bool { return path == test.path })
			}
			err := checkPlayback(t.Context(), http.DefaultClient, makePlayback(a))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("error %v, want one with %q and without the signature", err, test.want)
			}
		})
	}
}

func TestCheckPlaybackRejectsEmptySegment(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Files = publishedFiles()
	a.Files["/bucket/00001.m4s"] = ""
	err := checkPlayback(t.Context(), http.DefaultClient, makePlayback(a))
	if err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("error %v", err)
	}
}
