package play_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/shared/domain/playback"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/httpapi"
	"sluice/tests/apitest"
	"sluice/tests/player"
)

// viewer is an HTTP transport of a viewer: requests to the API's host go to play, as API Gateway sends them, requests
// to presigned URLs to the bucket, and no others anywhere.
type viewer struct {
	testing.TB
	play   httpapi.GatewayFunc
	bucket *blob.Memory
	hosts  []string // that were asked, in order, each run of the same host once
}

func (v *viewer) RoundTrip(r *http.Request) (*http.Response, error) {
	v.hosts = slices.Compact(append(v.hosts, r.URL.Host))
	if r.URL.Scheme == "memory" {
		return v.bucket.RoundTrip(r)
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/prod")
	if !ok || r.URL.Host != "api.example.com" {
		v.Errorf("%s is not the API's", r.URL)
	}
	out, err := v.play(r.Context(), lambdaevents.APIGatewayProxyRequest{HTTPMethod: r.Method, Path: path})
	return &http.Response{
		StatusCode: out.StatusCode, Header: out.MultiValueHeaders, Request: r,
		Body: io.NopCloser(strings.NewReader(out.Body)),
	}, err
}

// Without a CDN, the links in answers lead to the API, and from there a player gets playlists from play and everything
// else from S3.
func TestVideoPlaysWithoutCDN(t *testing.T) {
	t.Parallel()
	api := apitest.New(t)
	_, created := api.CreateUpload(t, apitest.Acme)
	video := api.DoRequest(t, apitest.Acme, "GET", "/v1/videos/"+created.Field("video_id"), "")
	links, _ := video.JSON["playback"].(map[string]any)
	id, _ := links["id"].(string)
	media := &blob.Memory{Now: func() time.Time { return noon }}
	for name, text := range map[string]string{
		"master.m3u8":     "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/index.m3u8\n",
		"720p/index.m3u8": "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:2,\n00000.m4s\n#EXT-X-ENDLIST\n",
		"720p/init.mp4":   "init", "720p/00000.m4s": "segment",
	} {
		if err := media.PutObject(
			t.Context(), playback.ObjectPrefix(id)+name, strings.NewReader(text), blob.Metadata{},
		); err != nil {
			t.Fatal(err)
		}
	}
	fx := newFixture(t)
	fx.Media = media
	fx.rebuildHandler(t)
	v := &viewer{TB: t, play: fx.call, bucket: media}
	h := &http.Client{Transport: v}

	master, err := player.FetchPlaylist(t.Context(), h, links["hls"].(string))
	if err != nil {
		t.Fatal(err)
	}
	rendition, err := player.FetchPlaylist(t.Context(), h, master.URIs[0])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, uri := range append(rendition.TagURIs, rendition.URIs...) {
		text, _, err := player.FetchBody(t.Context(), h, uri)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, text)
	}
	if !rendition.Ended || !slices.Equal(got, []string{"init", "segment"}) {
		t.Errorf("played %q", got)
	}
	want := []string{"api.example.com", "bucket", "api.example.com", "bucket"}
	if !slices.Equal(v.hosts, want) {
		t.Errorf("asked %v, not %v", v.hosts, want)
	}
	page, _, err := player.FetchBody(t.Context(), h, links["watch"].(string))
	if err != nil || !strings.Contains(page, `data-src="../p/public/`+id+`/master.m3u8"`) {
		t.Errorf("the page does not play from the API: %v\n%s", err, page)
	}
}
