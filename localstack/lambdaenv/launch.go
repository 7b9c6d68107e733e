package lambdaenv

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// initName is argv[0] of the launcher when it is the init of a function's pid namespace.
const initName = "sluice-lambda-init"

// Main is the whole program of the launcher. It starts the function of the package that it is in, and ends as that
// does. What keeps it from that it says to the Runtime API, as an error of the function's initialization.
func Main() {
	if os.Args[0] == initName {
		if err := runInit(os.Args[1:]); err != nil {
			_ = reportOutcome(outcome{Error: err.Error()})
		}
		return
	}
	if isProbe() {
		runProbe()
		return
	}
	status, err := launch()
	if err != nil {
		err = fmt.Errorf("the conditions of Lambda can't be made (SLUICE_LAMBDA=off goes without them): %w", err)
		fmt.Fprintln(os.Stderr, "sluice:", err)
		reportInitError(os.Getenv("AWS_LAMBDA_RUNTIME_API"), err)
		os.Exit(1)
	}
	exitAs(status)
}

func launch() (unix.WaitStatus, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	pkg := filepath.Dir(exe)
	d, err := readDescription(pkg)
	if err != nil {
		return 0, err
	}
	_ = Clean(d.State) // of others: no reason not to start
	if d.Mode.IsIsolated() {
		return runIsolated(d, pkg)
	}
	return 0, becomeFunction(d, pkg)
}

// runIsolated runs the function in namespaces of its own, and returns how it ended.
func runIsolated(d Description, pkg string) (unix.WaitStatus, error) {
	var cgroup, tmp string
	if d.Mode == ModeRoot {
		tree, err := findCgroupTree()
		if err != nil {
			return 0, err
		}
		if cgroup, err = tree.create(d.State, os.Getpid(), d.Memory); err != nil {
			return 0, fmt.Errorf("limit memory by a cgroup: %w", err)
		}
		defer os.Remove(cgroup)
	} else {
		tmp = privateTmp(d.State)
		if err := os.MkdirAll(tmp, 0o700); err != nil {
			return 0, err
		}
		defer os.RemoveAll(tmp)
	}
	ended, report, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer ended.Close()
	// The kernel ends the init with the thread that started it.
	runtime.LockOSThread()
	proc := exec.Command("/proc/self/exe")
	proc.Args = []string{initName, pkg, cgroup, tmp}
	proc.Stdin, proc.Stdout, proc.Stderr, proc.ExtraFiles = os.Stdin, os.Stdout, os.Stderr, []*os.File{report}
	proc.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID, Pdeathsig: unix.SIGKILL}
	if d.Mode == ModeUserNamespace {
		mapUser(proc.SysProcAttr)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	err = proc.Start()
	report.Close()
	if err != nil {
		return 0, fmt.Errorf("start an init in new namespaces: %w", err)
	}
	stopped := make(chan os.Signal, 1)
	go func() { // as without extensions on Lambda, there is no grace
		stopped <- <-signals
		_ = proc.Process.Kill()
	}()
	status, err := readOutcome(ended)
	_ = proc.Wait() // its exit code says nothing more
	select {
	case s := <-stopped:
		return unix.WaitStatus(s.(syscall.Signal)), nil
	default:
		return status, err
	}
}

func privateTmp(state string) string { return filepath.Join(state, "tmp", strconv.Itoa(os.Getpid())) }

// mapUser makes this user the one that functions run as, in a user namespace, with the right to mount there.
func mapUser(attr *syscall.SysProcAttr) {
	attr.Cloneflags |= unix.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: UserID, HostID: os.Getuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: GroupID, HostID: os.Getgid(), Size: 1}}
	attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
}

// readOutcome reads how the function ended. The init says nothing if it was killed.
func readOutcome(from io.Reader) (unix.WaitStatus, error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return 0, err
	}
	if len(text) == 0 {
		return unix.WaitStatus(unix.SIGKILL), nil
	}
	var o outcome
	if err := json.Unmarshal(text, &o); err != nil {
		return 0, err
	}
	if o.Error != "" {
		return 0, errors.New(o.Error)
	}
	return o.Status, nil
}

// reportInitError tells the Runtime API at that address that the function did not start:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror. It is spoken by hand, as
// an HTTP client would make each start of a function slower.
func reportInitError(address string, reason error) {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	body, _ := json.Marshal(map[string]string{"errorType": "Runtime.ExitError", "errorMessage": reason.Error()})
	fmt.Fprintf(conn, "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", address, len(body), body)
	_, _ = io.Copy(io.Discard, conn)
}

// exitAs ends this process as the function ended: with its code, by the signal that ended it, or where a Go program
// can't end by that, with 128 and the signal's number.
func exitAs(status unix.WaitStatus) {
	if !status.Signaled() {
		os.Exit(status.ExitStatus())
	}
	s := status.Signal()
	switch s {
	case unix.SIGKILL, unix.SIGTERM, unix.SIGINT, unix.SIGHUP:
		signal.Reset(s)
		_ = unix.Kill(os.Getpid(), s)
		time.Sleep(time.Second)
	}
	os.Exit(128 + int(s))
}
