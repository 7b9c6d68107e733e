package ffmpeg

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	launcherName     = "sluice-cage" // argv[0] of this program when it is to become a tool
	launcherExitCode = 125           // its exit code when it could not; ffmpeg has no such code
	maxOpenFiles     = 256           // descriptors
)

// sandboxInitialized is set by Enter: without it the launcher would be this program's main all over again.
var sandboxInitialized bool

// InitSandbox makes this program able to run the tools; it must come before anything else in main, and in TestMain. In the
// program itself it returns at once. In the launcher it never returns: it puts up the walls and becomes the tool.
func InitSandbox() {
	if os.Args[0] != launcherName {
		sandboxInitialized = true
		return
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", launcherName, runLauncher(os.Args[1:]))
	os.Exit(launcherExitCode)
}

// runLauncher takes Limits as JSON, the tool and its arguments, in the job's directory, and returns only if it fails.
// Capabilities, filters and Landlock belong to a thread, and the thread that calls execve is the one that stays.
func runLauncher(args []string) error {
	runtime.LockOSThread()
	if len(args) < 2 {
		return fmt.Errorf("%d arguments", len(args))
	}
	var limits Limits
	if err := json.Unmarshal([]byte(args[0]), &limits); err != nil {
		return err
	}
	if err := enterSandbox(args[1]); err != nil {
		return err
	}
	return execTool(args[1:], limits)
}

// enterSandbox puts up the walls that may stand while there is still something to do.
func enterSandbox(tool string) error {
	if err := dropPrivileges(); err != nil {
		return fmt.Errorf("privileges: %w", err)
	}
	if err := restrictFileAccess(".", tool); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if err := restrictSyscalls(); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// execTool turns this process into the tool. Go's runtime has more address space than the tool may get, so that from
// the limits to the execve nothing can be allocated, which syscall.Exec would.
func execTool(args []string, limits Limits) error {
	argv, err := syscall.SlicePtrFromStrings(args)
	if err != nil {
		return err
	}
	env, err := syscall.SlicePtrFromStrings(os.Environ())
	if err != nil {
		return err
	}
	if err := limits.setResourceLimits(); err != nil {
		return err
	}
	_, _, e := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(argv[0])), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&env[0])))
	return fmt.Errorf("exec: %w", e)
}

// dropPrivileges leaves nothing that the execve could give back: root inside is no more than a user.
func dropPrivileges() error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) // EPERM: we are not root; EINVAL: an older kernel's last one
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// setResourceLimits sets the limits, the address space last.
func (l Limits) setResourceLimits() error {
	for _, r := range []struct {
		resource int
		max      uint64
	}{
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_NOFILE, maxOpenFiles},
		{unix.RLIMIT_CPU, uint64((l.CPU + time.Second - 1) / time.Second)},
		{unix.RLIMIT_FSIZE, uint64(l.Output)},
		{unix.RLIMIT_AS, uint64(l.Memory)},
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(r.resource, &now); err != nil {
			return fmt.Errorf("rlimit %d: %w", r.resource, err)
		}
		// Soft and hard are equal so that the end of CPU time is a SIGKILL; ffmpeg has a handler for SIGXCPU.
		limit := min(r.max, now.Max)
		if err := unix.Setrlimit(r.resource, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("rlimit %d: %w", r.resource, err)
		}
	}
	return nil
}

// launcherFailed reports whether a process that ended this way never became the tool.
func launcherFailed(code int, words string) bool {
	return code == launcherExitCode && strings.HasPrefix(words, launcherName+": ")
}
