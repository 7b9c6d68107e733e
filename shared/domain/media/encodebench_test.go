package media_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
	"sluice/shared/platform/ffmpeg/ffmpegtest"
)

// encodeBench runs a real ffmpeg in a folder.
type encodeBench struct {
	*testing.T
	tools, dir string
}

func newEncodeBench(t *testing.T) encodeBench {
	t.Helper()
	if testing.Short() {
		t.Skip("encodes video: some seconds of CPU")
	}
	return encodeBench{t, ffmpegtest.FindTools(t), t.TempDir()}
}

func (b encodeBench) runTool(tool string, args ...string) []byte {
	b.Helper()
	var out, log bytes.Buffer
	cmd := exec.CommandContext(b.Context(), filepath.Join(b.tools, tool), append([]string{"-v", "error"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s %q: %v\n%s", tool, args, err, log.Bytes())
	}
	return out.Bytes()
}

func (b encodeBench) path(name string) string { return filepath.Join(b.dir, name) }

func (b encodeBench) readFile(path string) []byte {
	b.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// makeSource makes a video whose frames have their number as a bar code: 16 blocks of 16 × 16 pixels.
func (b encodeBench) makeSource(name, size, rate string, secs int, args ...string) string {
	bars := fmt.Sprintf(
		"nullsrc=s=16x2:r=%s:d=%d,format=gray,geq=lum='if(bitand(N,pow(2,X)),255,0)',scale=256:16:flags=neighbor,format=yuv420p",
		rate, secs,
	)
	graph := fmt.Sprintf(
		"testsrc2=s=%s:r=%s:d=%d,format=yuv420p[a];%s[b];[a][b]overlay=0:0:format=yuv420", size, rate, secs, bars,
	)
	all := slices.Concat([]string{"-f", "lavfi", "-i", graph}, args)
	if !slices.Contains(args, "-an") {
		all = slices.Insert(all, 4, "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=48000:d=%d", secs))
	}
	b.runTool("ffmpeg", append(all, b.path(name))...)
	return b.path(name)
}

func (b encodeBench) sniffFile(path string) string {
	b.Helper()
	container, err := fileformat.Sniff(b.readFile(path)[:fileformat.HeadBytes])
	if err != nil {
		b.Fatal(err)
	}
	return container
}

// remuxFile remuxes the file if its container needs that, and returns the path of the result.
func (b encodeBench) remuxFile(path string) string {
	b.Helper()
	into, needed := media.ChooseRemuxContainer(b.sniffFile(path))
	if !needed {
		return path
	}
	out := b.path("copy")
	b.runTool("ffmpeg", media.RemuxArgs(into, out).CommandLine(path)...)
	return out
}

func (b encodeBench) inspectFile(path string) video.Media {
	b.Helper()
	p, err := media.ParseProbe(b.runTool("ffprobe", "-show_streams", "-show_format", "-of", "json", path))
	if err != nil {
		b.Fatal(err)
	}
	packets := b.runTool(
		"ffprobe", "-show_entries", "packet=pts,dts,duration,pos,flags", "-select_streams", "V:0", "-of", "csv=p=0",
		"-read_intervals", fmt.Sprintf("%f%%", media.FindTailStart(p)), path,
	)
	m, err := media.Inspect(p, packets, b.sniffFile(path))
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// encodeTask encodes one task and cuts the output.
func (b encodeBench) encodeTask(
	src string, p video.Plan, m video.Media, t video.Task,
) (video.Result, map[string]media.RenditionOutput) {
	b.Helper()
	out := func(name string) string { return b.path(fmt.Sprintf("%d-%s.mp4", t.Number, name)) }
	args, names := media.AudioArgs(p, m, out), []string{media.AudioRendition}
	if t.Kind == video.VideoTask {
		args, names = media.VideoArgs(p, m, t, media.Prerolls(m)[0], out), nil
		for _, r := range p.Renditions {
			names = append(names, r.Name)
		}
	}
	b.runTool("ffmpeg", append([]string{"-nostdin", "-y"}, args.CommandLine(src)...)...)
	res, pieces := video.Result{Task: t}, map[string]media.RenditionOutput{}
	for _, name := range names {
		piece, err := media.CutSegments(p, t, name, b.readFile(out(name)))
		if err != nil {
			b.Fatalf("task %d, %s: %v", t.Number, name, err)
		}
		pieces[name], res.Frames = piece, piece.Frames
		res.Tracks = append(res.Tracks, piece.Track)
	}
	return res, pieces
}

// encodeChunks encodes every task and writes what a player needs: segments, init segments and playlists. It returns
// the number of frames.
func (b encodeBench) encodeChunks(src string, p video.Plan, m video.Media) (frames int) {
	b.Helper()
	var results []video.Result
	for _, t := range p.Tasks() {
		res, pieces := b.encodeTask(src, p, m, t)
		results, frames = append(results, res), frames+res.Frames
		for name, piece := range pieces {
			b.writeObject(name, media.InitName, piece.Init)
			for i, s := range piece.Segments {
				b.writeObject(name, media.SegmentName(t.Segment+i), s)
			}
		}
	}
	tracks, err := media.AssembleTracks(p, results, p.FrameCount())
	if err != nil {
		b.Fatal(err)
	}
	for name, track := range tracks {
		b.writeObject(name, media.PlaylistName, []byte(media.BuildMediaPlaylist(p, track, p.FrameCount())))
	}
	b.writeObject("", media.MasterName, []byte(media.BuildMasterPlaylist(p, tracks, true)))
	return frames
}

func (b encodeBench) writeObject(rendition, name string, data []byte) {
	b.Helper()
	if err := os.MkdirAll(b.path(rendition), 0o750); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(b.path(filepath.Join(rendition, name)), data, 0o600); err != nil {
		b.Fatal(err)
	}
}

// probeRendition returns what ffprobe says of a rendition that encodeChunks has written.
func (b encodeBench) probeRendition(rendition, entries string) string {
	b.Helper()
	out := b.runTool("ffprobe", "-show_entries", entries, "-of", "csv=p=0", b.playlistPath(rendition))
	return strings.Fields(string(out))[0] // the stream of the program, then that of the file
}

// readSegments returns all segments of a rendition, joined.
func (b encodeBench) readSegments(rendition string) (all []byte) {
	b.Helper()
	names, err := filepath.Glob(b.path(filepath.Join(rendition, "*.m4s")))
	if err != nil || len(names) == 0 {
		b.Fatalf("%s: no segments: %v", rendition, err)
	}
	for _, name := range names {
		all = append(all, b.readFile(name)...)
	}
	return all
}

// playlistPath returns the path of the playlist of a rendition that encodeChunks has written.
func (b encodeBench) playlistPath(rendition string) string {
	return b.path(filepath.Join(rendition, media.PlaylistName))
}

// listFrameCodes returns a line for each frame: its time and a checksum of its bar code.
func (b encodeBench) listFrameCodes(path string, m video.Media) []string {
	b.Helper()
	bars := fmt.Sprintf(
		"crop=iw*256/%d:ih*16/%d:0:0,scale=16:1:flags=area,format=gray,lut=c0='if(gt(val,128),255,0)'", m.Width,
		m.Height,
	)
	out := b.listFrameColumns(path, bars, 2, 5)
	codes := map[string]bool{}
	for _, line := range out {
		_, code, _ := strings.Cut(line, " ")
		codes[code] = true
	}
	if len(codes) < len(out)*3/4 {
		b.Errorf("%s: %d frames with %d bar codes: they can't be read", path, len(out), len(codes))
	}
	return out
}

// listFrameTimes returns a line for each frame: its time.
func (b encodeBench) listFrameTimes(path string, _ video.Media) []string {
	return b.listFrameColumns(path, "null", 2)
}

// listFrameColumns returns the time base and, for each frame after a filter, the given columns of ffmpeg's framemd5.
func (b encodeBench) listFrameColumns(path, filter string, columns ...int) (out []string) {
	b.Helper()
	for line := range strings.Lines(string(b.runTool(
		"ffmpeg", "-copyts", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf", filter, "-f", "framemd5",
		"-",
	))) {
		all := strings.Split(strings.TrimSpace(line), ",")
		if strings.HasPrefix(line, "#tb") {
			out = append(out, all[0])
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		var kept []string
		for _, c := range columns {
			kept = append(kept, strings.TrimSpace(all[c]))
		}
		out = append(out, strings.Join(kept, " "))
	}
	return out
}

// requireSimilarFrames fails unless each frame of two encodes is the same picture, to 30 dB.
func (b encodeBench) requireSimilarFrames(one, other string) {
	b.Helper()
	log := string(b.runTool(
		"ffmpeg", "-i", one, "-i", other, "-lavfi", "[0:v][1:v]psnr=stats_file=-", "-f", "null", "-",
	))
	worst, n := 100.0, 0
	for line := range strings.Lines(log) {
		var psnr float64
		_, rest, _ := strings.Cut(line, "psnr_avg:")
		if _, err := fmt.Sscan(rest, &psnr); err == nil { // "inf" for equal frames
			worst = min(worst, psnr)
		}
		n++
	}
	b.Logf("%d frames, the least alike by %.1f dB", n, worst)
	if n == 0 || worst < 30 {
		b.Errorf("%d frames, the least alike by %.1f dB, want 30", n, worst)
	}
}
