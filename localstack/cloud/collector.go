package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"sluice/localstack/traces"
)

// collector is the process that stands in for X-Ray (package traces). Its addresses are host:port. They stay the same
// while the cloud is up, because deployed functions know them.
type collector struct {
	PID    int    `json:"pid"`
	Daemon string `json:"daemon"` // of the X-Ray daemon, UDP
	API    string `json:"api"`    // of X-Ray, HTTP
}

// collectorCommand is the argument that makes the program that starts the cloud become the collector.
const collectorCommand = "collect"

// IsCollector reports whether this process was started as the collector. Then its main calls RunCollector and nothing
// else.
func IsCollector(args []string) bool { return len(args) == 2 && args[1] == collectorCommand }

// RunCollector runs the collector until a signal ends it.
func RunCollector() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	daemon, err := net.FilePacketConn(os.NewFile(3, "daemon"))
	if err != nil {
		return err
	}
	api, err := net.FileListener(os.NewFile(4, "api"))
	if err != nil {
		return err
	}
	conn, ok := daemon.(*net.UDPConn)
	if !ok {
		return fmt.Errorf("the daemon's socket is a %T", daemon)
	}
	return traces.Serve(ctx, conn, api, "traces.jsonl", os.Getenv(requestsVariable))
}

// collectorRuns reports whether the collector of a state runs.
func (c *Cloud) collectorRuns(s state) bool {
	return hasMark(s.Collector.PID, []string{c.serverMark()})
}

// ensureCollector starts the collector unless it runs, and saves it in the state. The collector inherits open sockets,
// so that it gets what functions send from now on.
func (c *Cloud) ensureCollector(s state) error {
	if c.collectorRuns(s) {
		return nil
	}
	const free = "127.0.0.1:0"
	daemon, api, err := traces.Listen(cmp.Or(s.Collector.Daemon, free), cmp.Or(s.Collector.API, free))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf(
			"the collector of traces has ended, and something else has its port (make down up starts all anew): %w",
			err,
		)
	}
	if err != nil {
		return err
	}
	defer daemon.Close()
	defer api.Close()
	s.Collector = collector{Daemon: daemon.LocalAddr().String(), API: api.Addr().String()}
	if s.Collector.PID, err = c.startCollector(daemon, api); err != nil {
		return fmt.Errorf("start the collector of traces: %w", err)
	}
	return c.saveState(s)
}

func (c *Cloud) startCollector(daemon *net.UDPConn, api *net.TCPListener) (pid int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	udp, uerr := daemon.File()
	tcp, terr := api.File()
	log, lerr := openLog(c.dataPath("traces.log"))
	defer func() { err = errors.Join(err, udp.Close(), tcp.Close(), log.Close()) }()
	if err := errors.Join(uerr, terr, lerr); err != nil {
		return 0, err
	}
	env := append(c.recordingEnv(), c.serverMark())
	pid, _, err = c.startProcess([]string{program, collectorCommand}, env, log, udp, tcp)
	return pid, err
}

// apiURL returns the URL of X-Ray's API; "" if there is no collector.
func (c collector) apiURL() string {
	if c.API == "" {
		return ""
	}
	return "http://" + c.API
}

// ensureNearbyCollector starts the collector for a server that this package did not start, if it is on this machine.
func (c *Cloud) ensureNearbyCollector() error {
	at, err := url.Parse(c.url)
	if err != nil || at.Hostname() != "localhost" && !net.ParseIP(at.Hostname()).IsLoopback() {
		return err
	}
	s, _ := c.readServerState()
	return c.ensureCollector(s)
}
