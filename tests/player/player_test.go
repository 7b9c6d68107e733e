package player_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client/fake"
	"sluice/tests/player"
)

func TestFetchPlaylistResolvesURIsAndFollowsRedirects(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Files = map[string]string{
		"/p/master.m3u8":  "#EXTM3U\r\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"audio.m3u8\",NAME=\"x\"\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\n720p/index.m3u8\r\n",
		"/p/media.m3u8":   "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4,\n1.m4s\n#EXTINF:1.5,\n2.m4s\n#EXT-X-ENDLIST\n",
		"/p/growing.m3u8": "#EXTM3U\n#EXTINF:4,\n1.m4s\n",
		"/p/moved.m3u8":   "→ /q/moved.m3u8",
		"/q/moved.m3u8":   "#EXTM3U\n#EXTINF:4,\n1.m4s\n",
	}
	for name, want := range map[string]player.Playlist{
		"master": {URIs: []string{a.URL + "/p/720p/index.m3u8"}, TagURIs: []string{a.URL + "/p/audio.m3u8"}},
		"media": {
			URIs: []string{a.URL + "/p/1.m4s", a.URL + "/p/2.m4s"}, TagURIs: []string{a.URL + "/p/init.mp4"},
			Seconds: 5.5, Ended: true,
		},
		"growing": {URIs: []string{a.URL + "/p/1.m4s"}, Seconds: 4},
		"moved":   {URIs: []string{a.URL + "/q/1.m4s"}, Seconds: 4},
	} {
		got, err := player.FetchPlaylist(t.Context(), http.DefaultClient, a.URL+"/p/"+name+".m3u8")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFetchPlaylistRejectsInvalidPlaylists(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<html>":                        "is no HLS playlist",
		"#EXTM3U\n":                     "names nothing to play",
		"#EXTM3U\n:\n":                  "which is no URI",
		"#EXTM3U\n#EXT-X-MAP:URI=\":\"": "which is no URI",
		"#EXTM3U\n#EXTINF:four,\na\n":   `a segment of "four,"`,
		"":                              "is empty",
	} {
		a := fake.New(t)
		a.Files = map[string]string{"/p": text}
		if _, err := player.FetchPlaylist(t.Context(), http.DefaultClient, a.URL+"/p"); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}
