package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const shownLogLines = 20

// command is a program to run, whose output is appended to a log.
type command struct {
	argv []string
	dir  string
	env  []string // nil: that of this process
	log  string
}

// runStep prints name, runs work within the time limit, and prints the seconds that it took; on a terminal it shows
// them meanwhile.
func (c *Cloud) runStep(ctx context.Context, name string, work func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.StepTimeout)
	defer cancel()
	start := time.Now()
	stop := c.showElapsedTime(name)
	err := work(ctx)
	stop()
	fmt.Fprintf(c.Out, " %6.1f s\n", time.Since(start).Seconds())
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s: stopped after %v, its time limit (SLUICE_LIMIT=30m gives more): %w", name, c.StepTimeout,
			err)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: interrupted", name)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// runCommand runs a command in a session of its own. When ctx ends, its whole process group is killed.
func runCommand(ctx context.Context, cmd command) error {
	log, err := openLog(cmd.log)
	if err != nil {
		return err
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	proc := exec.CommandContext(ctx, cmd.argv[0], cmd.argv[1:]...)
	proc.Dir, proc.Env, proc.Stdout, proc.Stderr = cmd.dir, cmd.env, log, log
	proc.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	proc.Cancel = func() error { return syscall.Kill(-proc.Process.Pid, syscall.SIGKILL) }
	proc.WaitDelay = stopTimeout
	if err := proc.Run(); err != nil {
		text, _ := os.ReadFile(cmd.log)
		return fmt.Errorf("%s: %w; the end of %s:\n%s",
			filepath.Base(cmd.argv[0]), err, cmd.log, lastLines(text[min(int(from), len(text)):], shownLogLines))
	}
	return nil
}

func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
}

// lastLines returns the last n lines of text, indented.
func lastLines(text []byte, n int) string {
	lines := strings.Split(string(bytes.TrimSpace(text)), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return "  " + strings.Join(lines, "\n  ")
}
