package main

import (
	"os"
	"strings"
	"testing"
)

// sandboxedPackages are those whose tests run tools in the sandbox.
var sandboxedPackages = []string{
	"sluice/shared/platform/ffmpeg", "sluice/functions/encode", "sluice/functions/inspect", "sluice/tests/pipeline",
}

func TestSandboxedPackagesPassInLambdasConditions(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: the system call filter and the user of a function")
	}
	if testing.Short() {
		t.Skip("runs all tests of the pipeline once more")
	}
	for _, pkg := range sandboxedPackages {
		t.Run(strings.TrimPrefix(pkg, "sluice/"), func(t *testing.T) {
			var out strings.Builder
			r := testRun{args: []string{"-test.v"}, out: &out}
			if err := r.testPackage(t.Context(), pkg); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			for line := range strings.Lines(out.String()) {
				if strings.Contains(line, "--- SKIP") || strings.Contains(line, "sandbox's set") {
					t.Log(strings.TrimSpace(line))
				}
			}
		})
	}
}

func TestFailuresAreReported(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: the system call filter and the user of a function")
	}
	var out strings.Builder
	r := testRun{args: []string{"-test.run=^TestRunsAsRoot$"}, out: &out}
	if err := r.testPackage(t.Context(), "sluice/tests/lambdaconditions"); err == nil ||
		!strings.Contains(out.String(), "uid ") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestRunsAsRoot fails in Lambda's conditions, for TestFailuresAreReported.
func TestRunsAsRoot(t *testing.T) {
	if os.Getenv("TMPDIR") != "" && strings.Contains(os.Getenv("TMPDIR"), tmpPrefix) {
		t.Errorf("uid %d", os.Getuid())
	}
}
