package media_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/media"
	"sluice/shared/domain/media/fragment"
	"sluice/shared/domain/video"
)

// Encoded in chunks, every rendition has the same frames as with one run of ffmpeg: the same number, at the same
// times, with the same frame numbers in the picture.
func TestChunkedEncodeMatchesSinglePass(t *testing.T) {
	t.Parallel()
	x264 := slices.Clip([]string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-pix_fmt", "yuv420p"})
	vfr := []string{
		"-vf", `select='mod(n,7)',settb=1/90000,setpts='PTS+random(1)*900'`, "-fps_mode", "passthrough",
		"-enc_time_base:v", "1/90000",
	}
	for _, tt := range []struct {
		name, file, size, rate string
		secs                   int
		args                   []string
		borders                func(p video.Plan) []int // nil: those of the plan
	}{
		{"29.97, B-frames, real plan", "a.mp4", "320x240", "30000/1001", 24, append(x264, "-g", "90"), nil},
		{"25, borders off key frames", "a.mp4", "320x240", "25", 6, append(x264, "-g", "70"), oneSegmentChunks},
		{"59.94 in Matroska", "a.mkv", "320x240", "60000/1001", 6, append(x264, "-g", "100"), oneSegmentChunks},
		{
			"variable rate", "a.mp4", "320x240", "30", 8, slices.Concat(x264, vfr, []string{"-g", "60"}),
			oneSegmentChunks,
		},
		{
			"odd size, no sound", "a.mp4", "321x243", "24", 6,
			[]string{"-an", "-c:v", "libx264", "-preset", "ultrafast", "-g", "48", "-pix_fmt", "yuv444p"},
			oneSegmentChunks,
		},
		{
			"interlaced", "a.mp4", "320x240", "25", 6,
			append(x264, "-g", "50", "-flags", "+ildct+ilme", "-x264-params", "tff=1"), oneSegmentChunks,
		},
		{
			"late start", "a.mp4", "320x240", "25", 6, append(x264, "-g", "50", "-output_ts_offset", "1.5"),
			oneSegmentChunks,
		},
		{"MPEG-TS", "a.ts", "320x240", "25", 6, append(x264, "-g", "50"), oneSegmentChunks},
		{"one frame a second", "a.mp4", "320x240", "1", 24, append(x264, "-g", "4"), oneSegmentChunks},
		{"eight frames a second", "a.mp4", "320x240", "8", 60, append(x264, "-g", "40"), nil},
		{"FLV", "a.flv", "320x240", "30000/1001", 6, append(x264, "-g", "50", "-ar", "44100"), oneSegmentChunks},
		{
			"a recording without an index", "a.mkv", "320x240", "30000/1001", 6, append(x264, "-g", "50", "-live", "1"),
			oneSegmentChunks,
		},
		{
			"MPEG-TS with open groups", "a.ts", "320x240", "25", 6,
			append(x264, "-g", "50", "-x264-params", "open-gop=1"), oneSegmentChunks,
		},
		{
			"HEVC of 10 bits", "a.mp4", "320x240", "25", 6,
			[]string{
				"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=60:open-gop=1",
				"-pix_fmt", "yuv420p10le",
			},
			oneSegmentChunks,
		},
		{
			"VP9", "a.webm", "320x240", "30", 6,
			[]string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "90", "-c:a", "libopus"},
			oneSegmentChunks,
		},
		{
			"AVI with B-frames", "a.avi", "320x240", "25", 6,
			[]string{"-c:v", "mpeg4", "-bf", "2", "-g", "125", "-c:a", "libmp3lame"}, oneSegmentChunks,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newEncodeBench(t)
			src := b.remuxFile(b.makeSource(tt.file, tt.size, tt.rate, tt.secs, tt.args...))
			m := b.inspectFile(src)
			p := media.NewPlan(m)
			if tt.borders != nil {
				p.Borders = tt.borders(p)
			}
			if chunks := len(p.Borders) - 1; chunks < 3 {
				t.Errorf("%d chunks show no joins", chunks)
			}
			b.requireSameFrames(src, p, m, b.listFrameCodes)
		})
	}
}

// oneSegmentChunks returns the borders of a plan with chunks of one segment.
func oneSegmentChunks(p video.Plan) []int {
	out := []int{0}
	for at := p.SegmentFrames; at < p.FrameCount()-minLastChunk; at += p.SegmentFrames {
		out = append(out, at)
	}
	return append(out, p.FrameCount())
}

const minLastChunk = 10 // frames, as containers may state a duration that is too long

// requireSameFrames encodes in chunks and in one run, and compares the frames that list returns for both.
func (b encodeBench) requireSameFrames(
	src string, p video.Plan, m video.Media, list func(path string, m video.Media) []string,
) {
	b.Helper()
	frames := b.encodeChunks(src, p, m)
	one := media.SinglePassArgs(p, m, 1, func(name string) string { return b.path("one-" + name) })
	b.runTool("ffmpeg", append([]string{"-nostdin", "-y"}, one.CommandLine(src)...)...)
	for _, r := range p.Renditions {
		one, got := list(b.path("one-"+r.Name), m), list(b.playlistPath(r.Name), m)
		if len(got) != frames+1 { // and the time base
			b.Errorf("%s: %d frames, want %d", r.Name, len(got)-1, frames)
		}
		if d := cmp.Diff(one, got); d != "" {
			b.Errorf("%s: one run (-), chunks (+):\n%s", r.Name, d)
		}
	}
	b.Logf(
		"%d frames of %d planned, %d chunks, %d renditions", frames, p.FrameCount(), len(p.Borders)-1,
		len(p.Renditions),
	)
}

// TestChunkedEncodeOfFootage encodes real footage, and checks that encoding a task again, as after a redelivery, gives
// the same bytes.
func TestChunkedEncodeOfFootage(t *testing.T) {
	t.Parallel()
	b := newEncodeBench(t)
	src := filepath.Join("..", "..", "..", "build", "footage", "bigbuckbunny.mp4")
	if _, err := os.Stat(src); err != nil {
		t.Skipf("no footage: %v", err)
	}
	m := b.inspectFile(src)
	p := media.NewPlan(m)
	p.Borders = oneSegmentChunks(p)
	b.requireSameFrames(src, p, m, b.listFrameTimes)
	b.requireSimilarFrames(b.path("one-720p"), b.playlistPath("720p"))

	again := p.Tasks()[2]
	_, pieces := b.encodeTask(src, p, m, again)
	for name, piece := range pieces {
		stored := b.readFile(b.path(filepath.Join(name, media.SegmentName(again.Segment))))
		if !bytes.Equal(piece.Segments[0], stored) || !bytes.Equal(
			piece.Init, b.readFile(b.path(filepath.Join(name, media.InitName))),
		) {
			t.Errorf("%s: two runs of one task differ", name)
		}
	}
}

// A portrait recording is stored as landscape with a display matrix.
func TestRotatedVideoIsEncodedUpright(t *testing.T) {
	t.Parallel()
	b := newEncodeBench(t)
	flat := b.makeSource(
		"flat.mp4", "640x360", "25", 3, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
	)
	src := b.path("turned.mp4")
	b.runTool("ffmpeg", "-display_rotation", "90", "-i", flat, "-c", "copy", src)
	m := b.inspectFile(src)
	p := media.NewPlan(m)
	b.encodeChunks(src, p, m)
	got := b.probeRendition("360p", "stream=width,height,sample_aspect_ratio:stream_side_data=rotation")
	if want := "360,640,1:1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The audio is as long as the video, and ffprobe agrees with the codecs in the playlists.
func TestSoundIsAsLongAsVideo(t *testing.T) {
	t.Parallel()
	b := newEncodeBench(t)
	src := b.makeSource(
		"a.mp4", "320x240", "25", 3, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-t", "2.5",
	)
	m := b.inspectFile(src)
	p := media.NewPlan(m)
	b.encodeChunks(src, p, m)
	for name, codec := range map[string]string{"240p": "", media.AudioRendition: "mp4a.40.2"} {
		init := b.readFile(b.path(filepath.Join(name, media.InitName)))
		got, scale, err := fragment.ReadCodec(init)
		if err != nil {
			t.Fatal(err)
		}
		want := b.probeRendition(name, "stream=mime_codec_string")
		if got != want || codec != "" && got != codec {
			t.Errorf("%s: codec %s, ffprobe says %s", name, got, want)
		}
		_, frags, err := fragment.Split(append(init, b.readSegments(name)...))
		if err != nil {
			t.Fatal(err)
		}
		var ticks int64
		for _, f := range frags {
			ticks += f.Ticks
		}
		if secs := float64(ticks) / float64(scale); secs < m.Duration-0.043 || secs > m.Duration+0.043 {
			t.Errorf("%s: %.3f s, want %.3f", name, secs, m.Duration)
		}
	}
}
