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
	launcherName     = "sluice-sandbox" // argv[0] of this program when it is the launcher
	launcherExitCode = 125              // the launcher's exit code if it fails
	maxOpenFiles     = 256              // descriptors
)

// sandboxInitialized is set by InitSandbox. Without that call the launcher would run this program's main.
var sandboxInitialized bool

// InitSandbox must be called before anything else in main, and in TestMain. In the launcher it does not return: it
// restricts the process, which becomes the tool, or exits with an error. Otherwise it returns at once.
func InitSandbox() {
	if os.Args[0] != launcherName {
		sandboxInitialized = true
		return
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", launcherName, runLauncher(os.Args[1:]))
	os.Exit(launcherExitCode)
}

// runLauncher runs a tool in the current directory, the job's. args are Limits as JSON, the tool's path and its
// arguments. It returns only if it fails. Capabilities, filters and Landlock belong to a thread, and execve keeps only
// the thread that calls it.
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

// enterSandbox sets up the restrictions under which the launcher itself still works: all except the resource limits.
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

// execTool sets the limits and becomes the tool. Go's runtime has more address space than the limit allows: once it is
// set, nothing can be allocated, as syscall.Exec would.
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

// dropPrivileges drops all capabilities and forbids the execve to add any, so that root has no more rights than another
// user.
func dropPrivileges() error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) // EPERM: the process is not root; EINVAL: an older kernel has fewer
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// setResourceLimits sets the limits of this process, that of the address space last.
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
