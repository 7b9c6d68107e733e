package ffmpeg_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/ffmpeg/ffmpegtest"
)

// TestMain runs the tests, unless the binary was started under the name of a tool (then it is the fake tool), as
// "function" (then it is the parent process that a test kills), as "reporter" (then it prints its sandbox), or as a
// process of the sandbox.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "ffmpeg", "ffprobe":
		os.Exit(runFakeTool(os.Args[1:]))
	}
	if os.Args[0] != "reporter" { // which tells what root finds
		ffmpegtest.LeaveRoot()
	}
	ffmpeg.InitSandbox()
	switch filepath.Base(os.Args[0]) {
	case "function":
		os.Exit(runParent(os.Args[1], os.Args[2], os.Args[3]))
	case "reporter":
		fmt.Printf("%+v", ffmpeg.CurrentSandbox())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// skipWithout skips a test of a layer that only the full set has.
func skipWithout(t testing.TB, layer string) {
	t.Helper()
	if s := ffmpeg.CurrentSandbox(); s.Layers != ffmpeg.FullLayers {
		t.Skipf("layer %s: not in the sandbox's set %q (%s)", layer, s.Layers, s.Reason)
	}
}

// skipUnlessLambda skips a test of a layer that only the lambda set has.
func skipUnlessLambda(t testing.TB, layer string) {
	t.Helper()
	if s := ffmpeg.CurrentSandbox(); s.Layers != ffmpeg.LambdaLayers {
		t.Skipf("layer %s: not in the sandbox's set %q", layer, s.Layers)
	}
}

// newFakeTools returns tools that are this test binary.
func newFakeTools(t testing.TB) ffmpeg.Tools {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"ffmpeg", "ffprobe"} {
		if err := os.Symlink(ffmpeg.OriginalPath(), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return ffmpeg.Tools{Dir: dir}
}

// findRealTools returns the real tools, or skips the test.
func findRealTools(t testing.TB) ffmpeg.Tools {
	t.Helper()
	return ffmpeg.Tools{Dir: ffmpegtest.FindTools(t)}
}

// newJobDir returns a job's folder with files, which are given by name.
func newJobDir(t testing.TB, files map[string]string) string {
	t.Helper()
	j, err := ffmpeg.NewWorkDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(j.Path, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return j.Path
}

// encodeFile returns the content of a file that the real ffmpeg makes outside the sandbox.
func encodeFile(t testing.TB, tools ffmpeg.Tools, name, args string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command(
		filepath.Join(tools.Dir, "ffmpeg"), append(strings.Fields("-v error "+args), path)...,
	).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg %s: %v: %s", args, err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const (
	clipArgs      = "-f lavfi -i testsrc2=s=320x240:r=25:d=2 -f lavfi -i sine=d=2 -c:v libx264 -preset ultrafast -c:a aac"
	hugeFrameArgs = "-f lavfi -i color=s=9000x9000:d=0.04:r=25 -c:v libx264 -preset ultrafast"
	// a decoder that had a vulnerability: CVE-2026-8461
	unlistedCodecArgs = "-f lavfi -i testsrc2=s=64x64:r=25:d=0.2 -c:v magicyuv"
)

// wantCode checks the kind and code of err, and that its message is fit for users.
func wantCode(t testing.TB, err error, kind errs.Kind, code string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || string(e.Code) != code {
		t.Fatalf("error %v, want %s", err, fmt.Sprint(kind, " ", code))
	}
	if !strings.HasSuffix(e.Message, ".") || strings.Contains(e.Message, "/") {
		t.Errorf("message %q is not a sentence for the public", e.Message)
	}
}
