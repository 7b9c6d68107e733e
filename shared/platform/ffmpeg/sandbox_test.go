package ffmpeg_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/ffmpeg/landlock"
)

// tryInSandbox runs the fake tool in the sandbox and decodes what it finds into found.
func tryInSandbox(t *testing.T, found any, do, arg string) {
	t.Helper()
	dir := newJobDir(t, nil)
	r := ffmpeg.Command{
		Dir: dir, File: "in", Container: "mov", Output: []string{"-f", do, arg},
		Limits: ffmpeg.Limits{Memory: raceDetectorMemory},
	}
	if err := newFakeTools(t).Run(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "found"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, found); err != nil {
		t.Fatal(err)
	}
}

func TestSandboxHasNoCredentials(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary")
	var env []string
	tryInSandbox(t, &env, "environment", "")
	if len(env) > 0 {
		t.Errorf("environment %q", env)
	}
	for _, name := range []string{"environ", "mem", "maps"} {
		var read string
		tryInSandbox(t, &read, "read", fmt.Sprintf("/proc/%d/%s", os.Getpid(), name))
		if !strings.HasSuffix(read, "permission denied") {
			t.Errorf("our %s: %q", name, read)
		}
	}
	var names string
	tryInSandbox(t, &names, "list", fmt.Sprintf("/proc/%d/fd", os.Getpid()))
	if !strings.HasSuffix(names, "permission denied") {
		t.Errorf("our descriptors: %q", names)
	}
}

func TestFullSandboxMakesParentUndumpable(t *testing.T) {
	skipWithout(t, "prctl")
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable %d (%v): the tool can read this process's environment in /proc", dumpable, err)
	}
}

func TestToolInheritsNoOtherFiles(t *testing.T) {
	t.Parallel()
	secret, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	fd, err := unix.Dup(int(secret.Fd())) // without close-on-exec, as what starts a function may leave them
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var open []int
	tryInSandbox(t, &open, "files", "")
	if diff := cmp.Diff([]int{0, 1, 2, 3}, open); diff != "" {
		t.Error(diff)
	}
}

// TestPromise07_OtherSyscallsAreDenied tries every system call that is not allowed: all have numbers below 512.
func TestPromise07_OtherSyscallsAreDenied(t *testing.T) {
	skipWithout(t, "seccomp")
	t.Parallel()
	want := map[string]string{}
	for _, n := range foreignSyscalls {
		want[fmt.Sprint(n)] = unix.EPERM.Error()
	}
	for n := range uint32(512) {
		if !slices.Contains(ffmpeg.AllowedSyscalls, n) && !slices.Contains(unfilteredSyscalls, n) {
			want[fmt.Sprint(n)] = unix.EPERM.Error()
		}
	}
	want[strconv.Itoa(unix.SYS_CLONE3)] = unix.ENOSYS.Error()
	var found map[string]string
	tryInSandbox(t, &found, "call", strings.Join(slices.Sorted(maps.Keys(want)), ","))
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	tryInSandbox(t, &found, "call", strconv.Itoa(unix.SYS_CLOSE))
	if got := found[strconv.Itoa(unix.SYS_CLOSE)]; got != unix.EBADF.Error() {
		t.Errorf("close, which is allowed: %s", got) // otherwise all calls may fail for another reason
	}
}

func TestPromise06_FilesOutsideWorkDirAreDenied(t *testing.T) {
	skipWithout(t, "Landlock")
	t.Parallel()
	if landlock.DetectVersion() == 0 {
		t.Skip("the kernel has no Landlock")
	}
	other := newJobDir(t, map[string]string{"secret": "canary"})
	for _, tt := range []struct{ name, do, arg, want string }{
		{"another job's file", "read", filepath.Join(other, "secret"), "permission denied"},
		{"another job's directory", "write", filepath.Join(other, "new"), "permission denied"},
		{"the system's settings", "read", "/etc/hostname", "permission denied"},
		{"another program", "execute", "/bin/true", "permission denied"},
		{"one's own directory", "write", "new", ""},
		{"randomness", "execute", "/dev/urandom", "permission denied"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var found string
			tryInSandbox(t, &found, tt.do, tt.arg)
			if !strings.HasSuffix(found, tt.want) || (tt.want == "") != (found == "") {
				t.Errorf("%s %s: %q, want %q", tt.do, tt.arg, found, tt.want)
			}
		})
	}
}

func TestPromise07_SandboxHasLimits(t *testing.T) {
	t.Parallel()
	var limits map[string]uint64
	tryInSandbox(t, &limits, "limits", "")
	want := map[string]uint64{"memory": raceDetectorMemory, "cpu": 600, "output": 8 << 30, "files": 256, "core": 0}
	if diff := cmp.Diff(want, limits); diff != "" {
		t.Error(diff)
	}
}

func TestPromise07_SandboxHasNoPrivileges(t *testing.T) {
	skipWithout(t, "no_new_privs, death with the parent")
	t.Parallel()
	var privileges map[string]int
	tryInSandbox(t, &privileges, "privileges", "")
	if diff := cmp.Diff(
		map[string]int{"capabilities": 0, "no_new_privs": 1, "death": int(unix.SIGKILL), "errors": 0}, privileges,
	); diff != "" {
		t.Error(diff)
	}
}

func TestUnavailableSandboxIsInternal(t *testing.T) {
	t.Parallel()
	r := ffmpeg.Command{Dir: t.TempDir(), File: "in", Container: "mov"}
	wantCode(t, ffmpeg.Tools{Dir: t.TempDir()}.Run(t.Context(), r), errs.Internal, "cage_unavailable")
	r.Dir = filepath.Join(r.Dir, "gone")
	wantCode(t, newFakeTools(t).Run(t.Context(), r), errs.Internal, "cage_unavailable")
}

func TestFailuresAreClassified(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, do, arg string
		limits        ffmpeg.Limits
		kind          errs.Kind
		code          string
	}{
		{name: "ordinary failure", do: "exit", arg: "183", kind: errs.Invalid, code: "decode_failed"},
		{name: "out of memory", do: "exit", arg: "244", kind: errs.Invalid, code: "ffmpeg_killed"},
		{name: "disk full", do: "exit", arg: "228", kind: errs.Transient, code: "disk_full"},
		{
			name: "the launcher's code from the tool itself", do: "exit", arg: "125", kind: errs.Invalid,
			code: "decode_failed",
		},
		{name: "killed", do: "hang", arg: "9", kind: errs.Invalid, code: "ffmpeg_killed"},
		{name: "crashed", do: "hang", arg: "11", kind: errs.Invalid, code: "ffmpeg_crashed"},
		{name: "killed by the syscall filter", do: "hang", arg: "31", kind: errs.Invalid, code: "ffmpeg_crashed"},
		{
			name: "output too large", do: "swell", limits: ffmpeg.Limits{Output: 4096}, kind: errs.Invalid,
			code: "output_too_large",
		},
		{
			name: "out of CPU time", do: "spin", limits: ffmpeg.Limits{CPU: time.Millisecond}, kind: errs.Invalid,
			code: "cpu_exhausted",
		},
		{
			name: "stalled", do: "hang", arg: "0", limits: ffmpeg.Limits{Stall: 200 * time.Millisecond},
			kind: errs.Transient, code: "encode_stalled",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.limits.Memory = raceDetectorMemory
			r := ffmpeg.Command{
				Dir: newJobDir(t, nil), File: "in", Container: "mov", Output: []string{"-f", tt.do, tt.arg},
				Limits: tt.limits,
			}
			r.Progress = func(p ffmpeg.Progress) { // a hanging tool reports its process id as the number of frames
				n, _ := strconv.Atoi(tt.arg)
				_ = unix.Kill(p.Frames, unix.Signal(n))
			}
			wantCode(t, newFakeTools(t).Run(t.Context(), r), tt.kind, tt.code)
		})
	}
}

func TestCPUTimeOfCommandIsReported(t *testing.T) {
	t.Parallel()
	var cpu time.Duration
	r := ffmpeg.Command{
		Dir: newJobDir(t, nil), File: "in", Container: "mov", Output: []string{"-f", "spin"}, CPU: &cpu,
		Limits: ffmpeg.Limits{Memory: raceDetectorMemory, CPU: time.Second},
	}
	if err := newFakeTools(t).Run(t.Context(), r); errs.KindOf(err) != errs.Invalid {
		t.Errorf("%v, want Invalid", err)
	}
	if cpu < 500*time.Millisecond || cpu > 3*time.Second { // the kernel ends it at 1 s by its own, coarse clock
		t.Errorf("it took %v of CPU time, and the limit was 1 s", cpu)
	}
}

func TestCancelKillsProcessGroup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	pid := 0
	r := ffmpeg.Command{
		Dir: newJobDir(t, nil), File: "in", Container: "mov", Output: []string{"-f", "hang"},
		Limits: ffmpeg.Limits{Memory: raceDetectorMemory},
	}
	r.Progress = func(p ffmpeg.Progress) { pid = p.Frames; cancel() }
	wantCode(t, newFakeTools(t).Run(ctx, r), errs.Transient, "encode_cancelled")
	if pid == 0 || !errors.Is(unix.Kill(-pid, 0), unix.ESRCH) {
		t.Errorf("process group %d is still there", pid)
	}
	wantCode(t, newFakeTools(t).Run(ctx, r), errs.Transient, "encode_cancelled") // the tool is not started
}

func TestDeadlineStopsCommand(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	r := ffmpeg.Command{
		Dir: newJobDir(t, nil), File: "in", Container: "mov", Output: []string{"-f", "hang"},
		Limits: ffmpeg.Limits{Memory: raceDetectorMemory},
	}
	wantCode(t, newFakeTools(t).Run(ctx, r), errs.Transient, "encode_timeout")
}

func TestTooLongProbeOutputIsRejected(t *testing.T) {
	t.Parallel()
	_, err := newFakeTools(t).ProbeStreams(t.Context(), newJobDir(t, nil), "in", "mov")
	wantCode(t, err, errs.Invalid, "unreadable")
}
