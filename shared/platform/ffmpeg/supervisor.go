package ffmpeg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sluice/shared/platform/ffmpeg/leftovers"
)

// Descriptors of the supervisor, beside its standard ones. The tool inherits the first alone.
const (
	progressFD = 3 // takes the tool's progress; may be closed
	parentFD   = 4 // read end of a pipe whose write end only the parent holds
	reportFD   = 5 // takes the report
)

// report is how a tool ended, as the supervisor tells its parent, in JSON.
type report struct {
	Error     string // why there was no tool to wait for; the rest is empty then
	Status    uint32 // as of wait(2)
	CPU       time.Duration
	TimedOut  bool // it was killed because its deadline had passed
	Leftovers int  // processes that were left of it, and killed
	Alive     bool // some of them could not be killed
}

// runSupervisor runs a tool and reports how it ended. It kills the tool's process group when the parent has closed its
// end of the pipe, or has died, and when the deadline has passed. The process group of the tool is its own, so that
// the supervisor outlives it. It returns an exit code.
func runSupervisor(args []string) int {
	for fd := progressFD; fd <= reportFD; fd++ {
		unix.CloseOnExec(fd)
	}
	out := os.NewFile(reportFD, "report")
	if err := json.NewEncoder(out).Encode(superviseTool(args)); err != nil {
		return 1
	}
	return 0
}

func superviseTool(args []string) (r report) {
	j, tool, err := parseJob(args)
	if err != nil {
		return report{Error: err.Error()}
	}
	cmd, err := j.startLauncher(tool)
	if err != nil {
		return report{Error: err.Error()}
	}
	killGroup := func() {
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		_ = unix.Kill(cmd.Process.Pid, unix.SIGKILL) // it may have left its group
	}
	done, timedOut := make(chan struct{}), make(chan bool, 1)
	go func() {
		passed := waitForParentOrDeadline(j.Deadline, done)
		select {
		case <-done: // the group and the number may be another's by now
		default:
			killGroup()
		}
		timedOut <- passed
	}()
	waitUnreaped(cmd.Process.Pid)
	close(done)
	r.TimedOut = <-timedOut
	killGroup() // whom the tool has left behind in it; the number is not another's until the tool is reaped
	r.Leftovers, r.Alive = leftovers.Kill(j.Mark, os.Getpid())
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		r.Error = err.Error()
		return r
	}
	r.Status = uint32(cmd.ProcessState.Sys().(syscall.WaitStatus))
	r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return r
}

// startLauncher starts the process that becomes the tool.
func (j job) startLauncher(tool []string) (*exec.Cmd, error) {
	args, err := j.buildArgs(launcherName, tool[0], tool[1:])
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(selfPath)
	cmd.Args, cmd.Env = args, []string{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if _, err := unix.FcntlInt(progressFD, unix.F_GETFD, 0); err == nil {
		cmd.ExtraFiles = []*os.File{os.NewFile(progressFD, "progress")}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd, cmd.Start()
}

// waitForParentOrDeadline returns when the parent is gone, when a time has passed (Unix milliseconds; 0: never), which
// it reports, or when done is closed.
func waitForParentOrDeadline(deadline int64, done <-chan struct{}) (passed bool) {
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.NewFile(parentFD, "parent"))
		close(gone)
	}()
	var late <-chan time.Time
	if deadline > 0 {
		late = time.After(time.Until(time.UnixMilli(deadline)))
	}
	select {
	case <-late:
		return true
	case <-gone:
	case <-done:
	}
	return false
}

// waitUnreaped waits for the end of a child, which keeps its number until it is waited for again.
func waitUnreaped(pid int) {
	for err := error(unix.EINTR); err == unix.EINTR; {
		err = unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}
}

// readReport reads a supervisor's report to its end.
func readReport(from io.Reader) (r report, err error) {
	if err := json.NewDecoder(io.LimitReader(from, 64<<10)).Decode(&r); err != nil {
		return r, fmt.Errorf("the supervisor has reported nothing: %w", err)
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}
