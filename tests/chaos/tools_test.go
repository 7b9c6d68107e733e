package chaos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/ffmpeg/ffmpegtest"
)

func TestMain(m *testing.M) {
	ffmpeg.InitSandbox()
	os.Exit(m.Run())
}

// toolCache runs the real tools in their sandbox and caches their outputs.
var toolCache = &cachedTools{outputs: map[string]toolOutput{}}

// cachedTools caches the output of each run of a tool by its arguments and input.
type cachedTools struct {
	ffmpeg.Tools
	mu       sync.Mutex
	outputs  map[string]toolOutput
	realRuns int // runs that were not answered from the cache
}

type toolOutput struct {
	stdout []byte
	files  map[string][]byte // by name, in the folder of the job
	err    error
}

func (t *cachedTools) Run(ctx context.Context, run ffmpeg.Command) error {
	key := []string{"ffmpeg", run.Container}
	for _, arg := range slices.Concat(run.Input, []string{"-i"}, run.Output) {
		key = append(key, strings.ReplaceAll(arg, run.Dir, ""))
	}
	_, err := t.runOnce(run.Dir, run.File, key, func() ([]byte, error) { return nil, t.Tools.Run(ctx, run) })
	return err
}

func (t *cachedTools) ProbeStreams(ctx context.Context, dir, file, container string) ([]byte, error) {
	return t.runOnce(dir, file, []string{"ffprobe", container}, func() ([]byte, error) {
		return t.Tools.ProbeStreams(ctx, dir, file, container)
	})
}

func (t *cachedTools) ProbePackets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	return t.runOnce(dir, file, []string{"packets", container, fmt.Sprint(from)}, func() ([]byte, error) {
		return t.Tools.ProbePackets(ctx, dir, file, container, from)
	})
}

// runOnce runs do on a file, or copies the cached output for the key and the content of the file.
func (t *cachedTools) runOnce(dir, file string, key []string, do func() ([]byte, error)) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	in, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	k := fmt.Sprintf("%q %x", key, sha256.Sum256(in))
	if _, known := t.outputs[k]; !known {
		before := readFiles(dir)
		said, err := do()
		after := readFiles(dir)
		maps.DeleteFunc(after, func(name string, _ []byte) bool { return before[name] != nil })
		t.outputs[k] = toolOutput{said, after, err}
		t.realRuns++
	}
	out := t.outputs[k]
	for name, body := range out.files {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			return nil, err
		}
	}
	return out.stdout, out.err
}

// readFiles returns the files of a folder by name.
func readFiles(dir string) map[string][]byte {
	all := map[string][]byte{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		all[e.Name()], _ = os.ReadFile(filepath.Join(dir, e.Name()))
	}
	return all
}

// shortVideo is a tiny video of 20 seconds with three chunks and audio. longVideo has six chunks.
var (
	shortVideo = sync.OnceValues(func() ([]byte, error) { return makeVideo(20) })
	longVideo  = sync.OnceValues(func() ([]byte, error) { return makeVideo(45) })
)

func makeVideo(seconds int) ([]byte, error) {
	dir, err := os.MkdirTemp("", "sluice-chaos-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "film.mp4")
	args := fmt.Sprintf(
		"-v error -f lavfi -i testsrc2=s=64x36:r=25:d=%d -f lavfi -i sine=f=440:r=48000:d=%[1]d -shortest -c:v libx264 -preset ultrafast -g 50 -pix_fmt yuv420p -c:a aac",
		seconds,
	)
	cmd := exec.Command(filepath.Join(toolCache.Dir, "ffmpeg"), append(strings.Fields(args), name)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return os.ReadFile(name)
}

// setUpShortVideo finds the tools and returns the short video. It skips the test without tools.
func setUpShortVideo(t *testing.T) []byte { return setUpVideo(t, shortVideo) }

func setUpVideo(t *testing.T, makeBody func() ([]byte, error)) []byte {
	t.Helper()
	dir := ffmpegtest.FindTools(t)
	toolCache.mu.Lock()
	toolCache.Dir = dir
	toolCache.mu.Unlock()
	body, err := makeBody()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestToolsAreDeterministic checks that the same input gives the same output, so that outputs can be cached.
func TestToolsAreDeterministic(t *testing.T) {
	body := setUpShortVideo(t)
	first := &cachedTools{Tools: toolCache.Tools, outputs: map[string]toolOutput{}}
	second := &cachedTools{Tools: toolCache.Tools, outputs: map[string]toolOutput{}}
	for _, tools := range []*cachedTools{first, second} {
		runScenario(t, scenario{tools: tools, files: [][]byte{body}})
	}
	if first.realRuns < 6 || len(second.outputs) != len(first.outputs) {
		t.Fatalf("%d and %d runs, want those of four tasks and of ffprobe", first.realRuns, second.realRuns)
	}
	for key, again := range second.outputs {
		if !bytes.Equal(first.outputs[key].stdout, again.stdout) {
			t.Errorf("%s: other output on stdout", key)
		}
		if diff := cmp.Diff(first.outputs[key].files, again.files); diff != "" {
			t.Errorf("%s: other files", key)
		}
	}
}
