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

// sandboxedProcess is one run of a tool in the sandbox.
type sandboxedProcess struct {
	dir          string
	tool         string
	args         []string
	limits       Limits
	stdout       io.Writer
	progressPipe *os.File // the process's descriptor 3; may be nil
}

// startAndWait starts the process and waits for its end. The process is killed when ctx ends.
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
	runtime.LockOSThread() // Pdeathsig is sent when the thread ends that has started the child
	defer runtime.UnlockOSThread()
	end.err = cmd.Run()
	end.state, end.ctxErr, end.ctxCause = cmd.ProcessState, ctx.Err(), context.Cause(ctx)
	return end
}

// buildCommand returns the command that runs the launcher. It also makes this process undumpable: its environment holds
// credentials, which other processes of the same user, such as the tool, could read through /proc or ptrace otherwise.
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
	cmd.WaitDelay = 5 * time.Second // for output, if another process still holds the pipe
	cmd.Cancel = func() error {
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // the process group: only the launcher, which is the tool, can be in it
		return cmd.Process.Kill()
	}
	return cmd, nil
}

// tailBuffer keeps the last maxBytes that are written to it; 4 KiB if that is 0.
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
