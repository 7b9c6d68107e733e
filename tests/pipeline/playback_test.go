package pipeline_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
	"sluice/shared/platform/ffmpeg/ffmpegtest"
)

// findRealTools returns the folder of the real ffmpeg, or skips the test.
func findRealTools(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("encodes video: up to a minute of CPU")
	}
	return ffmpegtest.FindTools(t)
}

// runTool runs a tool outside the sandbox, on files of the test.
func runTool(t *testing.T, dir, tool, args string) []byte {
	t.Helper()
	var out, log bytes.Buffer
	cmd := exec.CommandContext(
		t.Context(), filepath.Join(dir, tool), slices.Concat([]string{"-v", "error"}, strings.Fields(args))...,
	)
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v: %s", tool, args, err, log.Bytes())
	}
	return out.Bytes()
}

// requireOutcome requires the video to be ready if code is "", and otherwise to have failed with code, without
// redeliveries.
func (p *localPipeline) requireOutcome(t *testing.T, code string) {
	t.Helper()
	v := p.readVideo(t)
	if v.State == video.Ready && code == "" && p.redeliveries == 0 {
		return
	}
	problem := errs.Problem{}
	if v.Problem != nil {
		problem = *v.Problem
	}
	if v.State != video.Failed || string(problem.Code) != code || problem.Code == "" || p.redeliveries > 0 {
		t.Fatalf(
			"%s %v, %d redeliveries, dead letters %q; want %q", v.State, problem, p.redeliveries, p.deadLetterReasons,
			code,
		)
	}
	if !strings.HasSuffix(problem.Message, ".") || len(problem.Message) < 30 {
		t.Errorf("%s: %q is not a helpful sentence", problem.Code, problem.Message)
	}
}

// checkPlayback decodes the published media: every rendition has this number of frames, which differ if distinct, and
// the audio is as long as the video.
func (p *localPipeline) checkPlayback(t *testing.T, dir string, frames int, distinct bool) {
	t.Helper()
	root, plan := p.downloadMedia(t), *p.readVideo(t).Plan
	runTool(t, dir, "ffprobe", "-i "+filepath.Join(root, media.MasterName))
	for _, r := range plan.Renditions {
		hashes := parseFrameMD5(runTool(
			t, dir, "ffmpeg",
			"-i "+filepath.Join(root, r.Name, media.PlaylistName)+" -map 0:v:0 -fps_mode passthrough -f framemd5 -",
		))
		if len(hashes) != frames {
			t.Errorf("%s: %d frames, want %d", r.Name, len(hashes), frames)
		}
		if n := len(slices.Compact(hashes)); distinct && n != frames {
			t.Errorf("%s: %d distinct frames of %d", r.Name, n, frames)
		}
	}
	if !plan.Audio {
		return
	}
	pcm := runTool(
		t, dir, "ffmpeg",
		"-i "+filepath.Join(root, media.AudioRendition, media.PlaylistName)+" -map 0:a:0 -f s16le -ac 1 -ar 48000 -",
	)
	if longer := float64(len(pcm)/2)/media.SampleRate - plan.Rate.Seconds(frames); math.Abs(longer) > 0.05 {
		t.Errorf("the audio is %.3f s longer than the video", longer)
	}
}

// downloadMedia writes the published media to a folder.
func (p *localPipeline) downloadMedia(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range p.readMedia(t) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// parseFrameMD5 returns the checksums in the output of ffmpeg's framemd5 muxer.
func parseFrameMD5(out []byte) (sums []string) {
	for line := range strings.Lines(string(out)) {
		if f := strings.Split(line, ","); len(f) == 6 && !strings.HasPrefix(line, "#") {
			sums = append(sums, strings.TrimSpace(f[5]))
		}
	}
	return sums
}
