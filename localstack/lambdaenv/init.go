package lambdaenv

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// statusFD is the descriptor on which the init says how the function ended.
const statusFD = 3

// runInit makes the function's root, starts the function in it and waits for it. The end of the init then ends every
// process that the function has left. args are the package, the function's cgroup and the folder that is to be /tmp;
// the one or the other may be "".
func runInit(args []string) error {
	// The filter and the memory cgroup of version 1 belong to the thread that starts the function.
	runtime.LockOSThread()
	if len(args) != 3 {
		return fmt.Errorf("%d arguments", len(args))
	}
	pkg, cgroup, tmp := args[0], args[1], args[2]
	unix.CloseOnExec(statusFD)
	d, err := readDescription(pkg)
	if err != nil {
		return err
	}
	attr := &syscall.SysProcAttr{}
	if cgroup != "" {
		if err := joinCgroup(cgroup, attr); err != nil {
			return fmt.Errorf("join the cgroup: %w", err)
		}
	}
	if err := enterRoot(d, pkg, tmp); err != nil {
		return err
	}
	if d.Mode == ModeRoot {
		attr.Credential = &syscall.Credential{Uid: UserID, Gid: GroupID}
	} else if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	if err := setLimits(); err != nil {
		return err
	}
	if err := RestrictThread(); err != nil {
		return err
	}
	pid, err := syscall.ForkExec(TaskRoot+"/bootstrap", []string{TaskRoot + "/bootstrap"}, &syscall.ProcAttr{
		Dir: TaskRoot, Env: buildEnvironment(os.Environ()), Files: []uintptr{0, 1, 2}, Sys: attr,
	})
	if err != nil {
		return fmt.Errorf("start the function: %w", err)
	}
	status, err := awaitProcess(pid)
	if err != nil {
		return err
	}
	return reportOutcome(outcome{Status: status})
}

// outcome is what the init says on statusFD: how the function ended, or why it did not start.
type outcome struct {
	Status unix.WaitStatus
	Error  string
}

func reportOutcome(o outcome) error {
	text, err := json.Marshal(o)
	if err == nil {
		_, err = unix.Write(statusFD, text)
	}
	return err
}

// joinCgroup has what this thread starts begin in the cgroup. The init itself stays outside: if memory runs out, the
// kernel is to end a process of the function.
func joinCgroup(dir string, attr *syscall.SysProcAttr) error {
	if tasks, err := os.OpenFile(filepath.Join(dir, "tasks"), os.O_WRONLY, 0); err == nil { // version 1
		_, err = tasks.WriteString("0") // the thread that writes
		return errors.Join(err, tasks.Close())
	}
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	attr.UseCgroupFD, attr.CgroupFD = true, fd
	return nil
}

// setLimits sets the limits of a function's process: as many descriptors as on Lambda, and no core files.
func setLimits() error {
	for resource, limit := range map[int]uint64{unix.RLIMIT_NOFILE: 1024, unix.RLIMIT_CORE: 0} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("rlimit %d: %w", resource, err)
		}
	}
	return nil
}

// awaitProcess waits for the process, and meanwhile reaps those whose parent has ended.
func awaitProcess(pid int) (unix.WaitStatus, error) {
	for {
		var status unix.WaitStatus
		switch ended, err := unix.Wait4(-1, &status, 0, nil); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, fmt.Errorf("wait for the function: %w", err)
		case ended == pid:
			return status, nil
		}
	}
}
