package ffmpeg

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sluice/shared/platform/ffmpeg/buffer"
	"sluice/shared/platform/ffmpeg/leftovers"
)

// sandboxedProcess is one run of a tool in the sandbox.
type sandboxedProcess struct {
	dir          string
	tool         string
	args         []string
	limits       Limits
	stdin        io.Reader // may be nil
	stdout       io.Writer
	progressPipe *os.File // the process's descriptor 3; may be nil
}

// cancelDelay is how long a run may take to end after it was cancelled.
const cancelDelay = 5 * time.Second

// startAndWait starts the process and waits for its end. The process is killed when ctx ends.
func (c sandboxedProcess) startAndWait(ctx context.Context) processResult {
	end := processResult{limits: c.limits, stderr: &buffer.Tail{}}
	tool, err := filepath.Abs(c.tool)
	switch {
	case current.Err != nil:
		end.err = current.Err
	case err != nil:
		end.err = err
	case current.Layers == FullLayers:
		c.tool = tool
		c.runLauncher(ctx, &end)
	default:
		c.tool = tool
		c.runSupervised(ctx, &end)
	}
	if ctx.Err() != nil {
		end.ctxErr, end.ctxCause = ctx.Err(), context.Cause(ctx)
	}
	end.noteSuspicion()
	return end
}

// buildCommand returns a command that runs this program in a role.
func (c sandboxedProcess) buildCommand(ctx context.Context, role string, j job, end *processResult) (*exec.Cmd, error) {
	args, err := j.buildArgs(role, c.tool, c.args)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, selfPath)
	cmd.Args, cmd.Dir, cmd.Env = args, c.dir, []string{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.stdin, c.stdout, end.stderr
	cmd.ExtraFiles = []*os.File{c.progressPipe}
	cmd.WaitDelay = cancelDelay // also for output, if another process still holds the pipe
	return cmd, nil
}

// runLauncher runs the tool in the full set: the launcher becomes the tool.
func (c sandboxedProcess) runLauncher(ctx context.Context, end *processResult) {
	cmd, err := c.buildCommand(ctx, launcherName, job{Layers: FullLayers, Limits: c.limits}, end)
	if err != nil {
		end.err = err
		return
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error {
		// the process group: only the launcher, which is the tool, can be in it
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		return cmd.Process.Kill()
	}
	runtime.LockOSThread() // Pdeathsig is sent when the thread ends that has started the child
	defer runtime.UnlockOSThread()
	end.err = cmd.Run()
	if cmd.ProcessState != nil {
		end.exit = &exitStatus{
			wait: cmd.ProcessState.Sys().(syscall.WaitStatus),
			cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		}
	}
}

// runSupervised runs the tool in the lambda set: a supervisor starts the launcher, and the launcher becomes the tool.
// Cancelling closes our end of the pipe that the supervisor reads, as our death would.
func (c sandboxedProcess) runSupervised(ctx context.Context, end *processResult) {
	j := job{Layers: LambdaLayers, Limits: c.limits, Mark: leftovers.NewMark()}
	if t, ok := ctx.Deadline(); ok {
		j.Deadline = t.UnixMilli()
	}
	alive, held, err := os.Pipe()
	if err != nil {
		end.err = err
		return
	}
	defer alive.Close()
	defer held.Close()
	reports, w, err := os.Pipe()
	if err != nil {
		end.err = err
		return
	}
	defer reports.Close()
	defer w.Close()
	cmd, err := c.buildCommand(ctx, supervisorName, j, end)
	if err != nil {
		end.err = err
		return
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, alive, w)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = held.Close
	if end.err = cmd.Start(); end.err != nil {
		return
	}
	w.Close()
	ended := cmd.Wait()
	r, err := readReport(reports)
	if err != nil {
		end.leftovers, end.alive = leftovers.Kill(j.Mark, cmd.Process.Pid)
		end.err = fmt.Errorf("%w (supervisor: %v)", err, ended)
		end.supervisorLost = ctx.Err() == nil && r.Error == ""
		return
	}
	end.leftovers, end.alive = r.Leftovers, r.Alive
	end.exit = &exitStatus{wait: syscall.WaitStatus(r.Status), cpu: r.CPU}
	end.err = end.exit.toError()
	if r.TimedOut {
		end.ctxErr, end.ctxCause = context.DeadlineExceeded, context.DeadlineExceeded
	}
}
