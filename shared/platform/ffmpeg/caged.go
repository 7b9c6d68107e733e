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

// caged is one process in the cage.
type caged struct {
	dir     string
	tool    string
	args    []string
	limits  Limits
	stdout  io.Writer
	reports *os.File // its descriptor 3, if any
}

// run starts the process and waits for its end, which ctx may bring about.
func (c caged) run(ctx context.Context) ending {
	end := ending{limits: c.limits, words: &tail{}}
	cmd, err := c.command(ctx)
	if err != nil {
		end.err = err
		return end
	}
	cmd.Stdout, cmd.Stderr = c.stdout, end.words
	if c.reports != nil {
		cmd.ExtraFiles = []*os.File{c.reports}
	}
	runtime.LockOSThread() // Pdeathsig goes by the thread that started the child, so that has to stay
	defer runtime.UnlockOSThread()
	end.err = cmd.Run()
	end.state, end.ended, end.cause = cmd.ProcessState, ctx.Err(), context.Cause(ctx)
	return end
}

// command returns the launcher's command line. From here on this process can't be looked into through /proc or
// ptrace by others of the same user, the caged tool first of all: our environment holds credentials.
func (c caged) command(ctx context.Context) (*exec.Cmd, error) {
	if !entered {
		return nil, errors.New("Enter was not called in main")
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
	cmd.Args = append([]string{launcher, string(limits), tool}, c.args...)
	cmd.Dir, cmd.Env = c.dir, []string{"PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 5 * time.Second // for a descriptor that someone else still holds
	cmd.Cancel = func() error {
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // the group; the launcher and the tool are all there can be in it
		return cmd.Process.Kill()
	}
	return cmd, nil
}

// tail keeps the end of what is written to it: most bytes, 4 KiB if zero.
type tail struct {
	b    []byte
	most int
}

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-cmp.Or(t.most, 4<<10)):]
	return len(p), nil
}

func (t *tail) String() string { return string(t.b) }
