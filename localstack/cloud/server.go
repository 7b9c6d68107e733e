package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// Up installs what is missing and starts the server, unless it runs already. The server outlives
// this process.
func (c *Cloud) Up(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("the local cloud runs the functions as Linux processes, and this is %s: use a Linux machine, or WSL 2", runtime.GOOS)
	}
	if err := c.Install(ctx); err != nil {
		return err
	}
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if c.url != "" {
		c.say("the cloud at %s is used as it is", c.endpoint())
		return errors.Join(c.answers(ctx), os.MkdirAll(c.dir("tmp"), 0o755), c.collectNearby())
	}
	if s, running := c.server(); running && c.healthy(ctx, s.Port) == nil {
		if c.portAsked && s.Port != c.Port {
			return fmt.Errorf("the local cloud runs on port %d already: `make down` first, or leave SLUICE_PORT alone", s.Port)
		}
		c.Port = s.Port
		c.say("the local cloud runs at %s", c.endpoint())
		return c.collect(s)
	}
	if !c.stopAll() { // what a killed server left behind
		return errors.New("processes of an earlier local cloud cannot be ended")
	}
	if err := c.portIsFree(); err != nil {
		return err
	}
	return c.step(ctx, "start the local cloud at "+c.endpoint(), c.start)
}

// Status says where the local cloud runs, and fails if it does not, or does not answer.
func (c *Cloud) Status(ctx context.Context) error {
	s, running := c.server()
	if !running {
		return errDown
	}
	c.Port = s.Port
	if err := c.healthy(ctx, c.Port); err != nil {
		return fmt.Errorf("the local cloud at %s does not answer (make down up starts it anew): %w", c.endpoint(), err)
	}
	if s.Collector.PID > 0 && !c.collecting(s) {
		return errors.New("the collector of traces has ended (make up starts it anew)")
	}
	c.say("the local cloud runs at %s", c.endpoint())
	return nil
}

func (c *Cloud) portIsFree() error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d is in use by something else: stop that, or choose another port (SLUICE_PORT=%d make up)", c.Port, c.Port%65535+1)
	}
	if err != nil {
		return fmt.Errorf("port %d cannot be used: %w", c.Port, err)
	}
	return listener.Close()
}

func (c *Cloud) start(ctx context.Context) error {
	if err := os.RemoveAll(c.dir()); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir("tmp"), 0o755); err != nil {
		return err
	}
	argv, env, err := c.emulator.command(c, ctx)
	if err != nil {
		return err
	}
	log, err := openLog(c.dir(c.emulator.log()))
	if err != nil {
		return err
	}
	defer log.Close()
	server := exec.Command(argv[0], argv[1:]...)
	server.Dir, server.Env, server.Stdout, server.Stderr = c.dir(), env, log, log
	server.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	if err := c.awaitHealth(ctx, ended); err != nil {
		c.stopAll()
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%w; the end of %s:\n%s", err, log.Name(), tail(text, tailLines))
	}
	s := state{PID: server.Process.Pid, Port: c.Port}
	return errors.Join(c.saveState(s), c.collect(s))
}

// serverEnv is all that MiniStack, and each function, finds in its environment.
func (c *Cloud) serverEnv() []string {
	port, dir := strconv.Itoa(c.Port), c.dir()
	return append(clientEnv(c.endpoint()),
		c.serverMark(),
		"HOME="+dir,
		"PATH="+os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"TMPDIR="+c.dir("tmp"),
		"STATE_DIR="+c.dir("state"),
		"PYTHONPATH="+c.pins("ministack"), // sitecustomize.py
		"PYTHONDONTWRITEBYTECODE=1",
		"PYTHONUNBUFFERED=1",
		"BIND_HOST=127.0.0.1",
		"GATEWAY_PORT="+port,
		"MINISTACK_REGION="+Region,
		"LAMBDA_EXECUTOR=local",
		"AUTH=true", // each call is checked against the rights of its caller; key `test` is the root user
		// These would listen on ports of their own, on every interface.
		"IOT_MTLS_ENABLED=0",
		"SFTP_ENABLED=0",
	)
}

// Down stops the server with every function it runs, and forgets its state. Nothing to stop is
// a success.
func (c *Cloud) Down(ctx context.Context) error {
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if c.url != "" {
		c.say("the cloud at %s is not ours to stop", c.endpoint())
		if !c.end(c.serverMark(), c.deployMark()) { // nor has it the mark; our collector has
			return errors.New("the collector of traces cannot be ended")
		}
	} else if len(c.processes(c.serverMark(), c.deployMark())) == 0 {
		c.say("the local cloud is not running")
	} else if err := c.step(ctx, "stop the local cloud", c.stop); err != nil {
		return err
	}
	for _, name := range []string{"server.json", "outputs.json", "outputs.new.json", "traces.jsonl", "tmp", "state"} {
		if err := os.RemoveAll(c.dir(name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cloud) stop(context.Context) error {
	if !c.stopAll() {
		return errors.New("some of its processes cannot be ended")
	}
	return nil
}
