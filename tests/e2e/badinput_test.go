//go:build integration

package e2e

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/tests/client"
	"sluice/tests/clouds"
)

// makeVideo creates a file with ffmpeg and returns its path. Its name can be wrong for its content.
func (d deployment) makeVideo(t *testing.T, name, args string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	d.runTool(t, "ffmpeg", append(strings.Fields("-v error "+args), path)...)
	return path
}

// TestBadInputFailsWithErrorCode uploads files that are no valid videos. Each must fail with a code and a message,
// without published objects, and its original must be kept.
func TestBadInputFailsWithErrorCode(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	t.Parallel()
	d := openDeployment(t)
	c := d.newTenantClient(t, "bad")
	encoded := func(args string) func(*testing.T) []byte {
		return func(t *testing.T) []byte { return readFile(t, d.makeVideo(t, "film.mp4", args)) }
	}
	for _, tt := range []struct {
		name    string
		content func(*testing.T) []byte
		code    string
	}{
		{"random bytes", noiseContent, "not_a_video"},
		{"truncated MP4", func(t *testing.T) []byte {
			good := readFile(t, d.footagePath("bigbuckbunny.mp4"))
			return good[:len(good)/2]
		}, "truncated"},
		{"audio only", encoded("-f lavfi -i sine=440 -t 2 -c:a aac"), "no_video"},
		{
			"one frame of 40 ms", encoded("-f lavfi -i testsrc2=s=192x108:r=25:d=0.04 -c:v libx264 -pix_fmt yuv420p"),
			"duration_too_short",
		},
		{
			"10,000 × 10,000 pixels", encoded("-f lavfi -i color=s=10000x10000:d=0.04 -c:v libx264 -preset ultrafast"),
			"pixels_too_many",
		},
		{
			"an HLS playlist that names a local file",
			textContent("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
			"playlist_refused",
		},
		{"an ffconcat list", textContent("ffconcat version 1.0\nfile /etc/passwd\n"), "playlist_refused"},
		{
			"a DASH manifest",
			textContent(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation><BaseURL>file:///etc/passwd</BaseURL></Representation></AdaptationSet></Period></MPD>`),
			"playlist_refused",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			content := tt.content(t)
			path := filepath.Join(t.TempDir(), "film.mp4")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			d.checkFailed(t, uploadUntilFinal(t, c, path), tt.code)
		})
	}
}

func textContent(s string) func(*testing.T) []byte {
	return func(*testing.T) []byte { return []byte(s) }
}

func noiseContent(*testing.T) []byte {
	random := make([]byte, 100_000)
	for i := range random {
		random[i] = byte(i * i * 31 >> 3)
	}
	return random
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkFailed checks that a video failed with a code and a message, that nothing of it is published, and that its
// original exists.
func (d deployment) checkFailed(t *testing.T, v client.Video, code string) {
	t.Helper()
	if v.State != client.Failed || v.Error == nil || v.Error.Code != code || v.Error.Message == "" {
		t.Errorf("%s, %v; want failed with %s", v.State, v.Error, code)
	}
	if left := d.listMediaObjects(t, "v/"+v.Playback.ID+"/"); len(left) > 0 {
		t.Errorf("published: %v", left)
	}
	source := blob.NewBucket(blob.NewClient(d.aws, true), d.stackOutput(t, "SourceBucket"))
	if kept, err := source.HeadObject(t.Context(), "t/bad/"+v.ID+"/source"); err != nil || kept.Size != v.Source.Size {
		t.Errorf("of the original, %d bytes, there is %+v: %v", v.Source.Size, kept, err)
	}
}

// TestEmptyFileIsRejected checks that the API rejects an empty file, and that one that is put into the bucket fails.
func TestEmptyFileIsRejected(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	c := d.newTenantClient(t, "bad")
	_, err := c.Upload(
		t.Context(), client.File{Name: "empty.mp4", Content: bytes.NewReader(nil)}, client.UploadOptions{},
	)
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != "size_out_of_range" {
		t.Errorf("got %v, want size_out_of_range", err)
	}
	v := d.createVideo(t, "bad")
	d.putOriginal(t, v.Source.Key, nil)
	d.waitUntilFinal(t, &v)
	if v.State != video.Failed || v.Problem.Code != "empty" {
		t.Errorf("%s %v, want failed with empty", v.State, v.Problem)
	}
}
