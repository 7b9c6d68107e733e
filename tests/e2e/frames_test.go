//go:build integration

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
	"sluice/shared/platform/ffmpeg"
	"sluice/tests/clouds"
)

func TestMain(m *testing.M) {
	ffmpeg.InitSandbox()
	os.Exit(m.Run())
}

// frame is a decoded frame: its presentation time in microseconds and its brightness.
type frame struct {
	At, Luma int
}

// TestPublishedFramesMatchSingleEncode compares the published 720p rendition with a single ffmpeg run over the same
// source. Both must have the same frames at the same times: none may be lost, repeated or moved at the border of a
// chunk.
func TestPublishedFramesMatchSingleEncode(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	t.Parallel()
	d := openDeployment(t)
	for _, rate := range []string{"25", "30000/1001"} {
		t.Run(strings.ReplaceAll(rate, "/", "_"), func(t *testing.T) {
			t.Parallel()
			source := d.makeNumberedVideo(t, rate, 29)
			v := uploadUntilReady(t, d.newTenantClient(t, "exact"), source)
			row, err := d.newStore(t).LoadVideo(t.Context(), "exact", v.ID)
			if err != nil {
				t.Fatal(err)
			}
			if chunks := len(row.Plan.Borders) - 1; chunks < 3 {
				t.Fatalf("%d chunks; the test needs joins", chunks)
			}
			published := d.decodeFrames(t, d.downloadRendition(t, v.Playback.HLS, "720p"))
			once := d.decodeFrames(t, d.encodeInOneRun(t, source, row))
			if len(published) != row.Plan.FrameCount() {
				t.Errorf("%d frames published, %d planned", len(published), row.Plan.FrameCount())
			}
			if diff := cmp.Diff(frameTimes(once), frameTimes(published)); diff != "" {
				t.Fatalf("not the times of one run: %s", diff)
			}
			for n, f := range published {
				if near := f.Luma - frameBrightness(n); near < -3 || near > 3 {
					t.Fatalf("frame %d has brightness %d, want %d: it is another frame", n, f.Luma, frameBrightness(n))
				}
			}
		})
	}
}

func frameTimes(fs []frame) (at []int) {
	for _, f := range fs {
		at = append(at, f.At)
	}
	return at
}

// encodeInOneRun encodes the whole source with the ladder of the plan and returns the 720p rendition.
func (d deployment) encodeInOneRun(t *testing.T, source string, v video.Video) string {
	t.Helper()
	dir := t.TempDir()
	args := media.SinglePassArgs(*v.Plan, *v.Media, 2, func(r string) string { return filepath.Join(dir, r+".mp4") })
	d.runTool(t, "ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args.CommandLine(source)...)...)
	return filepath.Join(dir, "720p.mp4")
}

// decodeFrames decodes a file. The time of a frame is that of its packet, its brightness that of the decoded picture.
func (d deployment) decodeFrames(t *testing.T, path string) (fs []frame) {
	t.Helper()
	crc := d.runTool(
		t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-copyts", "-vf",
		"scale=1:1:flags=area,format=gray", "-f", "framecrc", "-",
	)
	luma := d.runTool(
		t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-copyts", "-vf",
		"scale=1:1:flags=area,format=gray", "-f", "rawvideo", "-",
	)
	num, den := 0, 0
	for lines := bufio.NewScanner(bytes.NewReader(crc)); lines.Scan(); {
		line := lines.Text()
		if tb, ok := strings.CutPrefix(line, "#tb 0: "); ok {
			if _, err := fmt.Sscanf(tb, "%d/%d", &num, &den); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		pts, err := strconv.Atoi(strings.TrimSpace(strings.Split(line, ",")[2]))
		if err != nil {
			t.Fatal(err)
		}
		// grey is full range
		fs = append(fs, frame{At: pts * num * 1_000_000 / den, Luma: 16 + (int(luma[len(fs)])*219+127)/255})
	}
	return fs
}

// downloadRendition downloads a rendition as a player does, from the master playlist on, and joins it to one file.
func (d deployment) downloadRendition(t *testing.T, master, rendition string) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), rendition+".mp4"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	index := resolveURL(t, master, findVariant(t, getBody(t, master), rendition))
	playlist, kind, err := m3u8.DecodeFrom(bytes.NewReader(getBody(t, index)), true)
	if err != nil || kind != m3u8.MEDIA {
		t.Fatalf("%s: %v", index, err)
	}
	p := playlist.(*m3u8.MediaPlaylist)
	write := func(uri string) {
		if _, err := file.Write(getBody(t, resolveURL(t, index, uri))); err != nil {
			t.Fatal(err)
		}
	}
	write(p.Map.URI)
	for _, s := range p.GetAllSegments() {
		write(s.URI)
	}
	return file.Name()
}

func findVariant(t *testing.T, master []byte, rendition string) string {
	t.Helper()
	playlist, kind, err := m3u8.DecodeFrom(bytes.NewReader(master), true)
	if err != nil || kind != m3u8.MASTER {
		t.Fatalf("master playlist: %v", err)
	}
	for _, v := range playlist.(*m3u8.MasterPlaylist).Variants {
		if strings.HasPrefix(v.URI, rendition+"/") {
			return v.URI
		}
	}
	t.Fatalf("no %s in the master playlist", rendition)
	return ""
}

func resolveURL(t *testing.T, base, ref string) string {
	t.Helper()
	b, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.Parse(ref)
	if err != nil {
		t.Fatal(err)
	}
	return u.String()
}

func getBody(t *testing.T, from string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, from, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", from, res.Status, err)
	}
	return body
}
