package ffmpeg

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sluice/shared/platform/ffmpeg/landlock"
	"sluice/shared/platform/ffmpeg/leftovers"
)

const launcherExitCode = 125 // the launcher's exit code if it fails; ffmpeg has no such code

// exitLauncher ends a launcher that could not become the tool.
func exitLauncher(err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", launcherName, err)
	os.Exit(launcherExitCode)
}

// runLauncher takes a job as JSON, the tool and its arguments, in the job's directory, and returns only if it fails.
// Capabilities, filters and Landlock belong to a thread, and the thread that calls execve is the one that stays.
func runLauncher(args []string) error {
	runtime.LockOSThread()
	j, tool, err := parseJob(args)
	if err != nil {
		return err
	}
	if err := closeInheritedFiles(); err != nil {
		return fmt.Errorf("inherited files: %w", err)
	}
	if j.Layers == FullLayers {
		if err := enterSandbox(tool[0]); err != nil {
			return err
		}
	}
	return execTool(tool, j)
}

// closeInheritedFiles leaves the tool descriptors 0 to 3 alone: others may have come from whatever started the
// function.
func closeInheritedFiles() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > progressFD {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// enterSandbox sets up the restrictions under which the launcher itself still works: all except the resource limits.
func enterSandbox(tool string) error {
	if err := dropPrivileges(); err != nil {
		return fmt.Errorf("privileges: %w", err)
	}
	if err := landlock.RestrictFileAccess(".", tool); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if err := restrictSyscalls(); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// execTool sets the limits and becomes the tool. Go's runtime has more address space than the limit allows: once it is
// set, nothing can be allocated, as syscall.Exec would.
func execTool(args []string, j job) error {
	argv, err := syscall.SlicePtrFromStrings(args)
	if err != nil {
		return err
	}
	env, err := syscall.SlicePtrFromStrings(os.Environ())
	if err != nil {
		return err
	}
	if err := j.setResourceLimits(); err != nil {
		return err
	}
	_, _, e := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(argv[0])), uintptr(unsafe.Pointer(&argv[0])),
		uintptr(unsafe.Pointer(&env[0])))
	return fmt.Errorf("exec: %w", e)
}

// dropPrivileges drops all capabilities and forbids the execve to add any, so that root has no more rights than another
// user.
func dropPrivileges() error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		// EPERM: the process is not root; EINVAL: an older kernel has fewer
		_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// setResourceLimits sets the limits of this process, that of the address space last.
func (j job) setResourceLimits() error {
	for _, r := range []struct {
		resource int
		max      uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{leftovers.RLimit, j.markOrNone()},
		{unix.RLIMIT_NOFILE, leftovers.MaxOpenFiles},
		{unix.RLIMIT_CPU, uint64((j.Limits.CPU + time.Second - 1) / time.Second)},
		{unix.RLIMIT_FSIZE, uint64(j.Limits.Output)},
		{unix.RLIMIT_AS, uint64(j.Limits.Memory)},
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(r.resource, &now); err != nil {
			return fmt.Errorf("rlimit %d: %w", r.resource, err)
		}
		// Soft and hard limit are equal, so that SIGKILL ends the CPU time: ffmpeg would handle SIGXCPU.
		limit := min(r.max, now.Max)
		if err := unix.Setrlimit(r.resource, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("rlimit %d: %w", r.resource, err)
		}
	}
	return nil
}

// launcherFailed reports whether a process with this exit code and messages is a launcher that could not start the
// tool.
func launcherFailed(code int, messages string) bool {
	return code == launcherExitCode && strings.HasPrefix(messages, launcherName+": ")
}

func (j job) markOrNone() uint64 {
	if j.Mark == 0 {
		return unix.RLIM_INFINITY
	}
	return j.Mark
}
