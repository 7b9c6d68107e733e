package ffmpeg_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/ffmpeg/leftovers"
)

// isRunning reports whether there is a process that is not a zombie.
func isRunning(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && !strings.Contains(string(status), "State:\tZ") &&
		!strings.Contains(string(status), "State:\tX")
}

// Not parallel: other jobs, when they end, would kill the escaped process before it has written its id.
func TestEscapedProcessesAreKilled(t *testing.T) {
	skipUnlessLambda(t, "search for what a tool leaves behind")
	for _, how := range []string{"return", "lower its limit"} {
		t.Run(how, func(t *testing.T) {
			dir := newJobDir(t, nil)
			r := ffmpeg.Command{
				Dir: dir, File: "in", Container: "mov", Output: []string{"-f", "escape", how},
				Limits: ffmpeg.Limits{Memory: raceDetectorMemory},
			}
			if err := newFakeTools(t).Run(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "escaped"))
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(string(text))
			if err != nil || isRunning(pid) {
				t.Errorf("process %q is still there (%v)", text, err)
			}
			if ffmpeg.CompromiseReason() == "" {
				t.Error("a tool that leaves processes behind is not suspicious")
			}
		})
	}
}

func TestForeignProcessesAreNotKilled(t *testing.T) {
	t.Parallel()
	limits := map[string]map[int]uint64{
		"no limits":              {},
		"the mark's limit alone": {leftovers.RLimit: 1},
		"other limits alone":     {unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 64},
	}
	for name, limits := range limits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("sleep", "60")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
			for resource, n := range limits {
				if err := unix.Prlimit(cmd.Process.Pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil); err != nil {
					t.Fatal(err)
				}
			}
			if _, alive := leftovers.Kill(leftovers.NewMark(), 0); alive {
				t.Error("something could not be killed")
			}
			if !isRunning(cmd.Process.Pid) {
				t.Error("it was killed")
			}
		})
	}
}

// startHangingTool runs a tool that hangs, in a goroutine, and returns its process and what Run will return.
func startHangingTool(t *testing.T) (pid int, end <-chan error) {
	t.Helper()
	started, ended := make(chan int, 10), make(chan error, 1)
	r := ffmpeg.Command{
		Dir: newJobDir(t, nil), File: "in", Container: "mov", Output: []string{"-f", "hang", "0"},
		Limits:   ffmpeg.Limits{Memory: raceDetectorMemory},
		Progress: func(p ffmpeg.Progress) { started <- p.Frames },
	}
	ctx, cancel := context.WithCancel(t.Context())
	done, tools := make(chan struct{}), newFakeTools(t)
	go func() { ended <- tools.Run(ctx, r); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return <-started, ended
}

func TestOtherJobsToolIsNotKilled(t *testing.T) {
	skipUnlessLambda(t, "mark on a tool's processes")
	t.Parallel()
	pid, _ := startHangingTool(t)
	leftovers.Kill(1<<62, 0) // a mark above all others
	if !isRunning(pid) {
		t.Error("it was killed")
	}
}

func readParentPID(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if text, is := strings.CutPrefix(line, "PPid:"); is {
			n, _ := strconv.Atoi(strings.TrimSpace(text))
			return n
		}
	}
	t.Fatal("no parent")
	return 0
}

func TestToolIsKilledWhenSupervisorDies(t *testing.T) {
	skipUnlessLambda(t, "supervisor")
	t.Parallel()
	pid, end := startHangingTool(t)
	if err := unix.Kill(readParentPID(t, pid), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-end, errs.Internal, "cage_unavailable")
	if isRunning(pid) {
		t.Error("the tool is still there")
	}
}

// A function that is stopped, as Lambda stops it between invocations, can't cancel anything.
func TestSupervisorKillsToolAtDeadline(t *testing.T) {
	skipUnlessLambda(t, "supervisor")
	t.Parallel()
	parent, tool := startParent(t, "5s")
	if err := parent.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, tool)
}

// startParent starts a process that runs a tool that hangs, and returns it and the tool's number. A deadline is a
// duration, or empty.
func startParent(t *testing.T, deadline string) (parent *exec.Cmd, tool int) {
	t.Helper()
	parent = exec.Command(ffmpeg.OriginalPath())
	parent.Args = []string{"function", newFakeTools(t).Dir, newJobDir(t, nil), deadline}
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = parent.Process.Kill(); _ = parent.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if tool, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	return parent, tool
}

// awaitEnd fails the test if a process does not end soon.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); isRunning(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the tool outlives its parent or its deadline")
		}
	}
}

func TestToolDiesWithItsParent(t *testing.T) {
	t.Parallel()
	parent, tool := startParent(t, "")
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	awaitEnd(t, tool)
}

// runReporter returns what a new process says of its sandbox.
func runReporter(t *testing.T, env ...string) string {
	t.Helper()
	cmd := exec.Command(ffmpeg.OriginalPath())
	cmd.Args, cmd.Env = []string{"reporter"}, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestReadableParentRunsNoTools(t *testing.T) {
	t.Parallel()
	// A process that is told that it is the copy, and is not.
	got := runReporter(t, ffmpeg.CopyVariable+"={}")
	if !strings.Contains(got, "Layers:lambda") || !strings.Contains(got, "not closed: environ") {
		t.Errorf("sandbox %s", got)
	}
	cmd := exec.Command(ffmpeg.OriginalPath())
	cmd.Args, cmd.Env = []string{
		"function", newFakeTools(t).Dir, newJobDir(t, nil), "",
	}, append(os.Environ(), ffmpeg.CopyVariable+"={}")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(out), "cage_unavailable") {
		t.Errorf("a run: %v: %s", err, out)
	}
}

func TestLambdaLayersCanBeForced(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	got := runReporter(t, ffmpeg.LayersVariable+"=lambda", "TMPDIR="+tmp)
	want := "Err:<nil>"
	if os.Geteuid() == 0 {
		want = "root may read every file"
	}
	if !strings.Contains(got, "Layers:lambda") || !strings.Contains(got, want) {
		t.Errorf("sandbox %s, want %s", got, want)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("copies that were left: %v (%v)", left, err)
	}
}
