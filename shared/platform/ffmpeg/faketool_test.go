package ffmpeg_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/ffmpeg/leftovers"
)

// runFakeTool is the sandboxed tool of the tests. The argument after "-f" says what it tries; it writes what it finds
// to the file "found" in the job's folder.
func runFakeTool(args []string) int {
	i := slices.Index(args, "-f")
	if i < 0 {
		fmt.Print(strings.Repeat("x", 2<<20)) // as ffprobe: prints too much
		return 0
	}
	switch do, arg := args[i+1], args[len(args)-1]; do {
	case "hang":
		n, _ := strconv.Atoi(arg)
		restoreDefaultSignal(n)
		for i := range 2 { // fps changes, but frame does not
			fmt.Fprintf(os.NewFile(3, "reports"), "frame=%d\nfps=%d\nprogress=continue\n", os.Getpid(), i)
		}
		time.Sleep(time.Hour)
		return 0
	case "spin":
		for n := 0; ; n++ {
		}
	case "exit":
		code, _ := strconv.Atoi(arg)
		return code
	case "escape":
		return startEscape(arg)
	case "daemonize":
		return runSelfDetached("escaped", arg)
	case "escaped":
		return runEscaped(arg)
	case "copy":
		if n, err := io.Copy(os.Stdout, os.Stdin); err != nil || fmt.Sprint(n) != arg {
			fmt.Fprintln(os.Stderr, n, err)
			return 1
		}
		return 0
	case "swell":
		return exceedOutputLimit()
	default:
		return writeFinding(tryForbidden(do, arg))
	}
}

func writeFinding(found any) int {
	b, err := json.Marshal(found)
	if err == nil {
		err = os.WriteFile("found", b, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// tryForbidden tries something that the sandbox restricts and returns what it finds: usually the text of the error, ""
// if there is none.
func tryForbidden(do, arg string) any {
	switch do {
	case "environment":
		return os.Environ()
	case "files":
		return listOpenFiles()
	case "list":
		_, err := os.ReadDir(arg)
		return errorText(err)
	case "read":
		_, err := os.ReadFile(arg)
		return errorText(err)
	case "write":
		return errorText(os.WriteFile(arg, nil, 0o600))
	case "execute":
		return errorText(syscall.Exec(arg, []string{arg}, nil))
	case "call":
		return trySyscalls(arg)
	case "limits":
		return readLimits()
	case "privileges":
		return readPrivileges()
	}
	return "impostor: " + do
}

// trySyscalls makes the system calls with these numbers and returns their errors. The arguments are so wrong that an
// allowed call fails with another error: EINVAL, EBADF, EFAULT.
func trySyscalls(numbers string) map[string]string {
	found := map[string]string{}
	for _, number := range strings.Split(numbers, ",") {
		n, _ := strconv.ParseUint(number, 0, 64)
		_, _, e := unix.RawSyscall6(
			uintptr(n), ^uintptr(unix.CLONE_THREAD), ^uintptr(0), ^uintptr(0), ^uintptr(0), ^uintptr(0), ^uintptr(0),
		)
		found[number] = e.Error()
	}
	return found
}

// listOpenFiles returns the descriptors that the tool has been given. Go's runtime opens others when it needs them.
func listOpenFiles() (open []int) {
	for fd := range 256 {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			open = append(open, fd)
		}
	}
	return open
}

func readLimits() map[string]uint64 {
	found := map[string]uint64{}
	for name, resource := range map[string]int{
		"memory": unix.RLIMIT_AS, "cpu": unix.RLIMIT_CPU, "output": unix.RLIMIT_FSIZE, "files": unix.RLIMIT_NOFILE,
		"core": unix.RLIMIT_CORE,
	} {
		var l unix.Rlimit
		_ = unix.Getrlimit(resource, &l)
		found[name] = l.Max
	}
	return found
}

func readPrivileges() map[string]int {
	var sets [2]unix.CapUserData
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	err := unix.Capget(&head, &sets[0])
	gain, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	var death int32
	_ = unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&death)), 0, 0, 0)
	return map[string]int{
		"capabilities": int(sets[0].Permitted | sets[1].Permitted), "no_new_privs": gain, "death": int(death),
		"errors": len(errorText(err)),
	}
}

// startEscape starts a process that leaves the tool's session and has no parent, and returns once it is there.
func startEscape(how string) int {
	if code := runSelfDetached("daemonize", how); code != 0 {
		return code
	}
	for range 1000 {
		if _, err := os.Stat("escaped"); err == nil {
			return 0
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 1
}

// runSelfDetached starts the tool again in a session of its own, and does not wait for it.
func runSelfDetached(do, how string) int {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args, cmd.SysProcAttr = []string{"ffmpeg", "-f", do, how}, &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// runEscaped writes its id into the file escaped, and stays.
func runEscaped(how string) int {
	if how == "lower its limit" {
		if err := unix.Setrlimit(leftovers.RLimit, &unix.Rlimit{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := os.WriteFile("escaped.new", []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return 1
	}
	if err := os.Rename("escaped.new", "escaped"); err != nil {
		return 1
	}
	time.Sleep(time.Hour)
	return 0
}

// exceedOutputLimit writes more than it may.
func exceedOutputLimit() int {
	restoreDefaultSignal(int(unix.SIGXFSZ))
	_ = os.WriteFile("swollen", make([]byte, 1<<20), 0o600)
	return 0
}

// restoreDefaultSignal restores the default action of a signal, for which Go's runtime has installed a handler.
func restoreDefaultSignal(signal int) {
	var action [4]uintptr // struct sigaction; a handler of 0 is SIG_DFL
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// runParent is a parent of a sandboxed process that hangs; it prints that process's id. A deadline is a duration, or
// empty.
func runParent(toolDir, jobDir, deadline string) int {
	ctx := context.Background()
	if d, err := time.ParseDuration(deadline); err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	r := ffmpeg.Command{
		Dir: jobDir, File: "in", Container: "mov", Output: []string{"-f", "hang"},
		Limits:   ffmpeg.Limits{Memory: raceDetectorMemory, Stall: time.Hour},
		Progress: func(p ffmpeg.Progress) { fmt.Println(p.Frames) },
	}
	fmt.Fprintln(os.Stderr, ffmpeg.Tools{Dir: toolDir}.Run(ctx, r))
	return 1
}

const raceDetectorMemory = 1 << 46 // bytes of address space that the race detector needs
