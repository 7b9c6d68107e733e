//go:build integration

package e2e

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestSmokePasses runs the command of `make smoke`. It is not parallel, because other tests count dead letters.
func TestSmokePasses(t *testing.T) {
	w := openDeployment(t)
	program := filepath.Join(t.TempDir(), "smoke")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../smoke")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	var report, progress bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "-transfer", "8", "-tenant", "smoke-test", "-timeout", waitLimit.String())
	cmd.Stdout, cmd.Stderr = &report, &progress
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-time.After(time.Second):
			w.runReconciler(t) // rather than at its next minute
		}
	}
	t.Logf("\n%s\n%s", progress.Bytes(), report.Bytes())
	if err != nil || !strings.HasSuffix(report.String(), "\npassed\n") {
		t.Errorf("not passed: %v", err)
	}
	for _, want := range []string{
		`(?m)^sandbox +sandbox=(full|lambda)$`, `(?m)^encoding +[1-9][0-9.]* CPU seconds`, `(?m)^S3 to remux +[1-9]`,
		`(?m)^  60 frames a second `,
	} {
		if !regexp.MustCompile(want).Match(report.Bytes()) {
			t.Errorf("the report has no %s", want)
		}
	}
	for _, secret := range []string{"slc_", "000000000000", "http:", w.env.Endpoint} {
		if strings.Contains(report.String(), secret) {
			t.Errorf("the report contains %q", secret)
		}
	}
}
