package ffmpeg_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
)

// endlessReader returns zeros, and counts the bytes.
type endlessReader struct{ read int }

func (r *endlessReader) Read(p []byte) (int, error) {
	clear(p)
	r.read += len(p)
	return len(p), nil
}

// fullWriter takes nothing.
type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

// newPipeRun returns a run of the fake tool that reads from in and writes to out.
func newPipeRun(t *testing.T, in io.Reader, out io.Writer, do, arg string) ffmpeg.Command {
	t.Helper()
	return ffmpeg.Command{
		Dir: newJobDir(t, nil), Stdin: in, Stdout: out, Container: "mov", Output: []string{"-f", do, arg},
		Limits: ffmpeg.Limits{Memory: raceDetectorMemory},
	}
}

// What the tool reads and writes through pipes is all of the input and all of the output.
func TestRunCopiesThroughPipes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 5 << 20} {
		in, out := bytes.Repeat([]byte("0123456789"), size/10+1)[:size], bytes.Buffer{}
		r := newPipeRun(t, bytes.NewReader(in), &out, "copy", fmt.Sprint(size))
		if err := newFakeTools(t).Run(t.Context(), r); err != nil || !bytes.Equal(in, out.Bytes()) {
			t.Errorf("%d bytes: %d bytes come out, %v", size, out.Len(), err)
		}
	}
}

// A run ends when the tool does, though there is more input, and when nobody takes its output.
func TestRunEndsWithTool(t *testing.T) {
	t.Parallel()
	in := &endlessReader{}
	err := newFakeTools(t).Run(t.Context(), newPipeRun(t, in, io.Discard, "exit", "1"))
	wantCode(t, err, errs.Invalid, "decode_failed")
	if err := newFakeTools(t).Run(t.Context(), newPipeRun(t, in, fullWriter{}, "copy", "0")); err == nil {
		t.Error("no error, though the output is not taken")
	}
}

// ffmpeg reads a container through a pipe as it reads the file.
func TestRealToolReadsPipe(t *testing.T) {
	t.Parallel()
	tools := findRealTools(t)
	clip := encodeFile(t, tools, "a.mkv", clipArgs)
	hashes := func(r ffmpeg.Command) string {
		var out bytes.Buffer
		r.Container, r.Stdout = "matroska", &out
		r.Output = []string{"-c", "copy", "-f", "framehash", "pipe:1"}
		if err := tools.Run(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	want := hashes(ffmpeg.Command{Dir: newJobDir(t, map[string]string{"in": clip}), File: "in"})
	got := hashes(ffmpeg.Command{Dir: newJobDir(t, nil), Stdin: strings.NewReader(clip)})
	if lines := slices.Collect(strings.Lines(want)); len(lines) < 50 || got != want {
		t.Errorf("%d lines, through a pipe %d bytes of %d", len(lines), len(got), len(want))
	}
}
