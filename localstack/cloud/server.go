package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"sluice/localstack/lambdaenv"
)

// Up installs what is missing and starts the server, unless it runs. The server outlives this process.
func (c *Cloud) Up(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf(
			"the local cloud runs the functions as Linux processes, and this is %s: use a Linux machine, or WSL 2",
			runtime.GOOS,
		)
	}
	if err := c.Install(ctx); err != nil {
		return err
	}
	unlock, err := c.lockRepository()
	if err != nil {
		return err
	}
	defer unlock()
	if c.url != "" {
		c.printLine("the cloud at %s is used as it is", c.endpointURL())
		return errors.Join(c.checkHealth(ctx, c.Port), os.MkdirAll(c.dataPath("tmp"), 0o755), c.ensureNearbyCollector())
	}
	if s, running := c.readServerState(); running && c.checkHealth(ctx, s.Port) == nil {
		if c.portFromEnv && s.Port != c.Port {
			return fmt.Errorf("the local cloud runs on port %d already: `make down` first, or leave SLUICE_PORT alone",
				s.Port)
		}
		c.Port = s.Port
		c.printLine("the local cloud runs at %s", c.endpointURL())
		return c.ensureCollector(s)
	}
	if !c.stopAllProcesses() { // processes of a server that was killed
		return errors.New("processes of an earlier local cloud cannot be ended")
	}
	if err := c.checkPortFree(); err != nil {
		return err
	}
	return c.runStep(ctx, "start the local cloud at "+c.endpointURL(), c.startServer)
}

// Status prints where the local cloud runs. It returns an error if it does not run or does not answer.
func (c *Cloud) Status(ctx context.Context) error {
	s, running := c.readServerState()
	if !running {
		return errNotRunning
	}
	c.Port = s.Port
	if err := c.checkHealth(ctx, c.Port); err != nil {
		return fmt.Errorf("the local cloud at %s does not answer (make down up starts it anew): %w", c.endpointURL(),
			err)
	}
	if s.Collector.PID > 0 && !c.collectorRuns(s) {
		return errors.New("the collector of traces has ended (make up starts it anew)")
	}
	c.printLine("the local cloud runs at %s", c.endpointURL())
	return nil
}

func (c *Cloud) checkPortFree() error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf(
			"port %d is in use by something else: stop that, or choose another port (SLUICE_PORT=%d make up)", c.Port,
			c.Port%65535+1,
		)
	}
	if err != nil {
		return fmt.Errorf("port %d cannot be used: %w", c.Port, err)
	}
	return listener.Close()
}

func (c *Cloud) startServer(ctx context.Context) error {
	if err := os.RemoveAll(c.dataPath()); err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(c.dataPath("tmp"), 0o755), lambdaenv.Clean(c.lambdaState())); err != nil {
		return err
	}
	key, err := c.createRootKey()
	if err != nil {
		return err
	}
	argv, env, err := c.emulator.startCommand(c, ctx, key)
	if err != nil {
		return err
	}
	log, err := openLog(c.dataPath(strings.ToLower(c.emulator.name) + ".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	pid, ended, err := c.startProcess(argv, env, log)
	if err != nil {
		return err
	}
	if err := c.awaitHealth(ctx, ended); err != nil {
		c.stopAllProcesses()
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%w; the end of %s:\n%s", err, log.Name(), lastLines(text, shownLogLines))
	}
	s := state{PID: pid, Port: c.Port}
	return errors.Join(c.saveState(s), c.ensureCollector(s))
}

// startProcess starts a program that outlives this process, in a session of its own. Its files are inherited from
// number 3. ended receives how it ends.
func (c *Cloud) startProcess(
	argv, env []string, log *os.File, files ...*os.File,
) (pid int, ended <-chan error, err error) {
	proc := exec.Command(argv[0], argv[1:]...)
	proc.Dir, proc.Env, proc.Stdout, proc.Stderr, proc.ExtraFiles = c.dataPath(), env, log, log, files
	proc.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := proc.Start(); err != nil {
		return 0, nil, err
	}
	done := make(chan error, 1)
	go func() { done <- proc.Wait() }() // so that it does not become a zombie
	return proc.Process.Pid, done, nil
}

// Down stops the server with its functions, and deletes its state. If nothing runs it returns nil.
func (c *Cloud) Down(ctx context.Context) error {
	unlock, err := c.lockRepository()
	if err != nil {
		return err
	}
	defer unlock()
	if c.url != "" {
		c.printLine("the cloud at %s is not ours to stop", c.endpointURL())
		if !c.stopAllProcesses() { // only the collector has the mark
			return errors.New("the collector of traces cannot be ended")
		}
	} else if len(c.findProcesses(c.serverMark(), c.deployMark())) == 0 {
		c.printLine("the local cloud is not running")
	} else if err := c.runStep(ctx, "stop the local cloud", c.stopServer); err != nil {
		return err
	}
	if err := lambdaenv.Clean(c.lambdaState()); err != nil {
		return err
	}
	for _, name := range []string{
		"server.json", "rootkey.json", "outputs.json", "outputs.new.json", "traces.jsonl", "tmp", "state", "lambda",
		"packages",
	} {
		if err := os.RemoveAll(c.dataPath(name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cloud) stopServer(context.Context) error {
	if !c.stopAllProcesses() {
		return errors.New("some of its processes cannot be ended")
	}
	return nil
}
