package ffmpeg

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sandboxedProcess is one process in the cage.
type sandboxedProcess struct {
	dir          string
	tool         string
	args         []string
	limits       Limits
	stdout       io.Writer
	progressPipe *os.File // its descriptor 3, if any
}

// startAndWait starts the process and waits for its end, which ctx may bring about.
func (c sandboxedProcess) startAndWait(ctx context.Context) processResult {
	end := processResult{limits: c.limits, stderr: &tailBuffer{}}
	cmd, err := c.buildCommand(ctx)
	if err != nil {
		end.err = err
		return end
	}
	cmd.Stdout, cmd.Stderr = c.stdout, end.stderr
	if c.progressPipe != nil {
		cmd.ExtraFiles = []*os.File{c.progressPipe}
	}
	runtime.LockOSThread() // Pdeathsig goes by the thread that started the child, so that has to stay
	defer runtime.UnlockOSThread()
	end.err = cmd.Run()
	end.state, end.ctxErr, end.ctxCause = cmd.ProcessState, ctx.Err(), context.Cause(ctx)
	return end
}

// buildCommand returns the launcher's command line. From here on this process can't be looked into through /proc or
// ptrace by others of the same user, the caged tool first of all: our environment holds credentials.
func (c sandboxedProcess) buildCommand(ctx context.Context) (*exec.Cmd, error) {
	if !sandboxInitialized {
		return nil, errors.New("main did not call ffmpeg.InitSandbox")
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, err
	}
	tool, err := filepath.Abs(c.tool)
	if err != nil {
		return nil, err
	}
	limits, err := json.Marshal(c.limits)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = append([]string{launcherName, string(limits), tool}, c.args...)
	cmd.Dir, cmd.Env = c.dir, []string{"PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 5 * time.Second // for a descriptor that someone else still holds
	cmd.Cancel = func() error {
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // the group; the launcher and the tool are all there can be in it
		return cmd.Process.Kill()
	}
	return cmd, nil
}

// tailBuffer keeps the end of what is written to it: most bytes, 4 KiB if zero.
type tailBuffer struct {
	data     []byte
	maxBytes int
}

func (t *tailBuffer) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	t.data = t.data[max(0, len(t.data)-cmp.Or(t.maxBytes, 4<<10)):]
	return len(p), nil
}

func (t *tailBuffer) String() string { return string(t.data) }
