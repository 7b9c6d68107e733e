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

	"sluice/shared/domain/services"
	"sluice/shared/platform/ffmpeg"
)

func TestMain(m *testing.M) {
	ffmpeg.Enter()
	os.Exit(m.Run())
}

// memo are the real tools in their cage, each run of which is made once.
var memo = &remembered{made: map[string]output{}}

// remembered keeps what a run of a tool has made by what it was asked and given.
type remembered struct {
	ffmpeg.Tools
	mu   sync.Mutex
	made map[string]output
	runs int // that were real
}

type output struct {
	said  []byte
	files map[string][]byte // by name in the job's folder
	err   error
}

func (r *remembered) Run(ctx context.Context, run ffmpeg.Run) error {
	key := []string{"ffmpeg", run.Container}
	for _, arg := range slices.Concat(run.Input, []string{"-i"}, run.Output) {
		key = append(key, strings.ReplaceAll(arg, run.Dir, ""))
	}
	_, err := r.once(run.Dir, run.File, key, func() ([]byte, error) { return nil, r.Tools.Run(ctx, run) })
	return err
}

func (r *remembered) Probe(ctx context.Context, dir, file, container string) ([]byte, error) {
	return r.once(dir, file, []string{"ffprobe", container}, func() ([]byte, error) { return r.Tools.Probe(ctx, dir, file, container) })
}

func (r *remembered) Packets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	return r.once(dir, file, []string{"packets", container, fmt.Sprint(from)}, func() ([]byte, error) { return r.Tools.Packets(ctx, dir, file, container, from) })
}

// once does what the key says on a file, or copies what that made before.
func (r *remembered) once(dir, file string, key []string, do func() ([]byte, error)) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	in, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	k := fmt.Sprintf("%q %x", key, sha256.Sum256(in))
	if _, known := r.made[k]; !known {
		before := files(dir)
		said, err := do()
		after := files(dir)
		maps.DeleteFunc(after, func(name string, _ []byte) bool { return before[name] != nil })
		r.made[k] = output{said, after, err}
		r.runs++
	}
	out := r.made[k]
	for name, body := range out.files {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			return nil, err
		}
	}
	return out.said, out.err
}

// files returns the files of a folder.
func files(dir string) map[string][]byte {
	all := map[string][]byte{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		all[e.Name()], _ = os.ReadFile(filepath.Join(dir, e.Name()))
	}
	return all
}

// find looks for the tools, or skips the test.
func find(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(services.EnvTools)
	if dir == "" {
		dir, _ = filepath.Abs("../../build/tools")
	}
	if _, err := os.Stat(filepath.Join(dir, "ffmpeg")); err != nil {
		t.Skip("no ffmpeg; `make tools` fetches it")
	}
	return dir
}

// film is a very small video: three chunks and the sound, 20 seconds of it; long has six chunks.
var (
	film = sync.OnceValues(func() ([]byte, error) { return shoot(20) })
	long = sync.OnceValues(func() ([]byte, error) { return shoot(45) })
)

func shoot(seconds int) ([]byte, error) {
	dir, err := os.MkdirTemp("", "sluice-chaos-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "film.mp4")
	args := fmt.Sprintf("-v error -f lavfi -i testsrc2=s=64x36:r=25:d=%d -f lavfi -i sine=f=440:r=48000:d=%[1]d -shortest -c:v libx264 -preset ultrafast -g 50 -pix_fmt yuv420p -c:a aac", seconds)
	cmd := exec.Command(filepath.Join(memo.Dir, "ffmpeg"), append(strings.Fields(args), name)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return os.ReadFile(name)
}

// setup finds the tools and makes the film.
func setup(t *testing.T) []byte { return setupFor(t, film) }

func setupFor(t *testing.T, film func() ([]byte, error)) []byte {
	t.Helper()
	dir := find(t)
	memo.mu.Lock()
	memo.Dir = dir
	memo.mu.Unlock()
	body, err := film()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// What the tools make is a function of what they are given: only therefore may it be remembered.
func TestToolsRepeatThemselves(t *testing.T) {
	body := setup(t)
	first := &remembered{Tools: memo.Tools, made: map[string]output{}}
	second := &remembered{Tools: memo.Tools, made: map[string]output{}}
	for _, r := range []*remembered{first, second} {
		run(t, shape{tools: r, files: [][]byte{body}})
	}
	if first.runs < 6 || len(second.made) != len(first.made) {
		t.Fatalf("%d and %d runs, want those of four tasks and of ffprobe", first.runs, second.runs)
	}
	for key, again := range second.made {
		if !bytes.Equal(first.made[key].said, again.said) {
			t.Errorf("%s: says something else", key)
		}
		if diff := cmp.Diff(first.made[key].files, again.files); diff != "" {
			t.Errorf("%s: makes something else", key)
		}
	}
}
