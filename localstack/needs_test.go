package main

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNeedsListsMissingPrograms(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	// Programs on PATH, by name; "none" is left out.
	enough := map[string]string{
		"uname": "echo Linux", "go": "echo go1.26.8", "python3": "exit 0", "node": "echo v20.0.0", "npm": "",
	}
	for _, tt := range []struct {
		name   string
		change map[string]string
		want   []string // the beginning of each line
	}{
		{"enough", nil, nil},
		{"newer", map[string]string{"go": "echo go2.0", "node": "echo v100.1.0"}, nil},
		{"the second Python is enough", map[string]string{"python3": "exit 1", "python3.12": "exit 0"}, nil},
		{
			"a Mac", map[string]string{"uname": "echo Darwin"},
			[]string{"Sluice's local cloud needs Linux, or WSL 2 on Windows; this is Darwin."},
		},
		{"older", map[string]string{"go": "echo go1.25.9", "python3": "exit 1", "node": "echo v18.20.1"}, []string{
			"Go 1.26 or newer is needed, and go on PATH is older: go1.25.9.",
			"Python 3.10 or newer is needed",
			"Node.js 20 or newer is needed, and node on PATH is v18.20.1.",
		}},
		{"nothing", map[string]string{"go": "none", "python3": "none", "node": "none"}, []string{
			"Go 1.26 or newer is needed, and there is no go on PATH.",
			"Python 3.10 or newer is needed",
			"Node.js 20 or newer is needed, and there is no node on PATH.",
		}},
		{"no npm", map[string]string{"npm": "none"}, []string{"npm, which comes with Node.js, is needed"}},
		{"programs that fail", map[string]string{"go": "exit 1", "node": "exit 1"}, []string{
			"Go 1.26 or newer is needed, and go on PATH is older: .",
			"Node.js 20 or newer is needed, and node on PATH is .",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			programs := maps.Clone(enough)
			maps.Copy(programs, tt.change)
			path := t.TempDir()
			for name, script := range programs {
				if script != "none" {
					writeExecutable(t, filepath.Join(path, name), script)
				}
			}
			cmd := exec.CommandContext(t.Context(), bash, "needs.sh")
			cmd.Env = []string{"PATH=" + path}
			out, err := cmd.CombinedOutput()
			var got []string
			for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
				if i < len(tt.want) {
					line = line[:min(len(line), len(tt.want[i]))]
				}
				if line != "" {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var failed *exec.ExitError
			if errors.As(err, &failed) != (tt.want != nil) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func writeExecutable(t *testing.T, path, script string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
