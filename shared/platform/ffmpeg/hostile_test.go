package ffmpeg_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
)

const (
	hls  = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\ncanary.ts\n#EXT-X-ENDLIST\n"
	dash = `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"><Period>` +
		`<AdaptationSet><Representation id="1" mimeType="video/mp4" bandwidth="1"><BaseURL>canary.ts</BaseURL></Representation></AdaptationSet></Period></MPD>`
)

// The canary is a file that Landlock allows, so that this tests the whitelists.
func TestPromise07_HostileFilesAreRejected(t *testing.T) {
	t.Parallel()
	tools := findRealTools(t)
	good, bomb := encodeFile(t, tools, "good.mp4", clipArgs), encodeFile(t, tools, "bomb.mp4", hugeFrameArgs)
	canary, odd := encodeFile(t, tools, "canary.ts", clipArgs), encodeFile(t, tools, "odd.avi", unlistedCodecArgs)
	for _, tt := range []struct{ name, file, container, text, code string }{
		{name: "HLS playlist", text: hls},
		{name: "HLS playlist under its own name", file: "in.m3u8", text: hls},
		{name: "HLS playlist with a URL", text: strings.Replace(hls, "canary", "http://169.254.169.254/canary", 1)},
		{name: "ffconcat", text: "ffconcat version 1.0\nfile canary.ts\n"},
		{name: "DASH", text: dash},
		{name: "empty"},
		{name: "random", text: strings.Repeat("\x93\x07\xfe\x51sluice", 5000)},
		{name: "truncated", text: good[:len(good)/2]},
		{name: "another container than the declared one", text: canary},
		{name: "9000 x 9000 pixels", text: bomb, code: "pixels_too_many"},
		{name: "decoder that is not whitelisted", container: "avi", text: odd, code: "codec_unsupported"},
		{name: "name of a protocol", file: "concat:canary.ts", text: "not a video"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file, container := valueOr(tt.file, "in.mp4"), valueOr(tt.container, "mov")
			dir := newJobDir(t, map[string]string{file: tt.text, "canary.ts": canary})
			opened := watchOpens(t, filepath.Join(dir, "canary.ts"))
			_, err := tools.ProbeStreams(t.Context(), dir, file, container)
			wantCode(t, err, errs.Invalid, valueOr(tt.code, "unreadable"))
			err = tools.Run(
				t.Context(),
				ffmpeg.Command{Dir: dir, File: file, Container: container, Output: []string{"-f", "null", "-"}},
			)
			wantCode(t, err, errs.Invalid, valueOr(tt.code, "decode_failed"))
			if opened() {
				t.Error("the canary was opened")
			}
			if _, err := os.ReadFile(filepath.Join(dir, "canary.ts")); err != nil || !opened() {
				t.Fatalf("opening the canary was not noticed: %v", err)
			}
		})
	}
}

func valueOr(s, standard string) string {
	if s == "" {
		return standard
	}
	return s
}

// watchOpens returns a function that reports whether path was opened since its last call.
func watchOpens(t *testing.T, path string) func() bool {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, path, unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	return func() bool {
		n, err := unix.Read(fd, make([]byte, 4096))
		return n > 0 && err == nil
	}
}

func TestValidFileIsProbedAndEncoded(t *testing.T) {
	t.Parallel()
	tools := findRealTools(t)
	dir := newJobDir(t, map[string]string{"in": encodeFile(t, tools, "good.mp4", clipArgs)})
	b, err := tools.ProbeStreams(t.Context(), dir, "in", "mov")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Format  struct{ Format_name string }
		Streams []struct{ Codec_name, Avg_frame_rate string }
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Streams) != 2 || got.Streams[0].Codec_name != "h264" || got.Streams[0].Avg_frame_rate != "25/1" {
		t.Errorf("probe: %s", b)
	}
	var last ffmpeg.Progress
	r := ffmpeg.Command{
		Dir: dir, File: "in", Container: "mov", Input: []string{"-threads", "1", "-ss", "1"},
		Progress: func(p ffmpeg.Progress) { last = p },
		Output: []string{
			"-filter_complex", "[0:v:0]split=2[a][b];[b]scale=160:120[c]", "-map", "[a]", "-c:v", "libx264", "-threads",
			"1", "file:a.mp4",
			"-map", "[c]", "-map", "0:a:0", "-c:a", "aac", "file:b.mp4",
		},
	}
	if err := tools.Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(25, last.Frames); diff != "" || last.Time == 0 {
		t.Errorf("last progress %+v", last)
	}
	for _, name := range []string{"a.mp4", "b.mp4"} {
		if _, err := tools.ProbeStreams(t.Context(), dir, name, "mov"); err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyNamedCodecsAreDecoded(t *testing.T) {
	t.Parallel()
	tools := findRealTools(t)
	dir := newJobDir(t, map[string]string{"in": encodeFile(t, tools, "good.mp4", clipArgs)})
	r := ffmpeg.Command{
		Dir: dir, File: "in", Container: "mov", Codecs: []string{"h264"},
		Output: []string{"-map", "0:v:0", "-f", "null", "-"},
	}
	if err := tools.Run(t.Context(), r); err != nil {
		t.Errorf("a named codec beside another: %v", err)
	}
	r.Output = []string{"-map", "0:a:0", "-f", "null", "-"}
	wantCode(t, tools.Run(t.Context(), r), errs.Invalid, "decode_failed")
}

func TestSubtitlesAndCoverArtAreIgnored(t *testing.T) {
	t.Parallel()
	tools := findRealTools(t)
	cues := base64.StdEncoding.EncodeToString([]byte("1\n00:00:00,000 --> 00:00:01,000\nhello\n"))
	text := encodeFile(
		t, tools, "more.mp4",
		"-f lavfi -i testsrc2=s=320x240:d=1 -f lavfi -i color=s=64x64:d=0.04 -f srt -i data:text/plain;base64,"+
			cues+" -map 0 -map 1 -map 2 -c:v:0 libx264 -c:s mov_text -c:v:1 mjpeg -disposition:v:1 attached_pic",
	)
	dir := newJobDir(t, map[string]string{"in": text})
	if _, err := tools.ProbeStreams(t.Context(), dir, "in", "mov"); err != nil {
		t.Error(err)
	}
}

func TestResourceLimitsStopFFmpeg(t *testing.T) {
	t.Parallel()
	tools := findRealTools(t)
	good := encodeFile(t, tools, "good.mp4", clipArgs)
	raw := []string{"-f", "rawvideo", "file:out"}
	for _, tt := range []struct {
		name   string
		limits ffmpeg.Limits
		output []string
		code   string
	}{
		{"output", ffmpeg.Limits{Output: 1 << 20}, raw, "output_too_large"},
		{
			"memory", ffmpeg.Limits{Memory: 100 << 20}, append([]string{"-vf", "scale=4000:4000"}, raw...),
			"ffmpeg_killed",
		},
		{
			"CPU time", ffmpeg.Limits{CPU: time.Second}, append([]string{"-vf", "loop=-1:50"}, "-f", "null", "-"),
			"cpu_exhausted",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := newJobDir(t, map[string]string{"in": good})
			err := tools.Run(
				t.Context(),
				ffmpeg.Command{Dir: dir, File: "in", Container: "mov", Output: tt.output, Limits: tt.limits},
			)
			wantCode(t, err, errs.Invalid, tt.code)
		})
	}
}

func TestFullDiskIsTransient(t *testing.T) {
	t.Parallel()
	tools := findRealTools(t)
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	j, err := ffmpeg.NewWorkDir(disk)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(
		filepath.Join(j.Path, "in"), []byte(encodeFile(t, tools, "good.mp4", clipArgs)), 0o600,
	); err != nil {
		t.Fatal(err)
	}
	err = tools.Run(
		t.Context(),
		ffmpeg.Command{Dir: j.Path, File: "in", Container: "mov", Output: []string{"-f", "rawvideo", "file:out"}},
	)
	wantCode(t, err, errs.Transient, "disk_full")
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v (%v)", left, err)
	}
}

func TestContextTimeoutStopsFFmpeg(t *testing.T) {
	t.Parallel()
	tools := findRealTools(t)
	dir := newJobDir(t, map[string]string{"in": encodeFile(t, tools, "good.mp4", clipArgs)})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("the invocation is over"))
	defer cancel()
	r := ffmpeg.Command{
		Dir: dir, File: "in", Container: "mov", Output: []string{"-vf", "loop=-1:50", "-f", "null", "-"},
	}
	wantCode(t, tools.Run(ctx, r), errs.Transient, "encode_timeout")
}
