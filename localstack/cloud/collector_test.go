package cloud_test

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sluice/localstack/cloud"
)

// collectorState is the collector in the cloud's state.
type collectorState struct {
	PID         int
	Daemon, API string
}

func readCollector(t *testing.T, c *cloud.Cloud) collectorState {
	t.Helper()
	var s struct{ Collector collectorState }
	must(t, json.Unmarshal([]byte(readTestFile(t, filepath.Join(c.Root, "build/cloud/server.json"))), &s))
	return s.Collector
}

// apiAnswers reports whether the collector's X-Ray API answers.
func (s collectorState) apiAnswers() bool {
	res, err := http.Post(
		"http://"+s.API+"/Traces", "application/json",
		strings.NewReader(`{"TraceIds":["1-6a000000-000000000000000000000000"]}`),
	)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func TestCollectorStartsAndEndsWithCloud(t *testing.T) {
	c, _ := newFakeCloud(t)
	must(t, c.Up(t.Context()))
	was := readCollector(t, c)
	if !processAlive(was.PID) || !was.apiAnswers() {
		t.Fatalf("%+v does not answer", was)
	}
	must(t, c.Up(t.Context()))
	if again := readCollector(t, c); again != was {
		t.Errorf("a second up started another: %+v, was %+v", again, was)
	}
	must(t, c.Deploy(t.Context()))
	words := strings.Fields(readTestFile(t, filepath.Join(c.Root, "calls")))
	for _, want := range []string{"xray_daemon=" + was.Daemon, "xray_api=http://" + was.API} {
		if !slices.Contains(words, want) {
			t.Errorf("the deployment is not told %s", want)
		}
	}
	must(t, c.Down(t.Context()))
	if processAlive(was.PID) {
		t.Error("the collector outlived the cloud")
	}
	for _, network := range []string{"tcp", "udp"} {
		if address := map[string]string{"tcp": was.API, "udp": was.Daemon}[network]; !isFree(network, address) {
			t.Errorf("%s %s is still taken", network, address)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(c.Root, "build/cloud/traces.jsonl")); left != nil {
		t.Errorf("%v is left", left)
	}
}

func isFree(network, address string) bool {
	if network == "udp" {
		conn, err := net.ListenPacket(network, address)
		return err == nil && conn.Close() == nil
	}
	listener, err := net.Listen(network, address)
	return err == nil && listener.Close() == nil
}

// Deployed functions know the addresses. The new collector also has what was sent to the killed one.
func TestKilledCollectorIsRestartedAtTheSameAddresses(t *testing.T) {
	c, _ := newFakeCloud(t)
	must(t, c.Up(t.Context()))
	was := readCollector(t, c)
	server, _ := readPIDs(t, c)
	must(t, syscall.Kill(was.PID, syscall.SIGKILL))
	waitUntil(t, "it is gone", func() bool { return !processAlive(was.PID) })
	wantError(t, c.Status(t.Context()), "the collector of traces has ended")
	// The other end of a connection may use the port for a moment.
	waitUntil(t, "it is started anew", func() bool { return c.Up(t.Context()) == nil })
	is := readCollector(t, c)
	if is.PID == was.PID || is.Daemon != was.Daemon || is.API != was.API || !is.apiAnswers() {
		t.Errorf("it is %+v, was %+v", is, was)
	}
	if now, _ := readPIDs(t, c); now != server {
		t.Error("the server was started anew too")
	}
	must(t, c.Status(t.Context()))

	must(t, syscall.Kill(is.PID, syscall.SIGKILL))
	waitUntil(t, "it is gone", func() bool { return !processAlive(is.PID) })
	var thief net.Listener
	waitUntil(t, "something else has its port", func() bool {
		var err error
		thief, err = net.Listen("tcp", is.API)
		return err == nil
	})
	defer thief.Close()
	wantError(t, c.Up(t.Context()), "something else has its port")
}
