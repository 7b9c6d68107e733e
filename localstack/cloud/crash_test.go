package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/localstack/cloud"
)

// noticeLimit is how long it may take to notice that the server has ended.
const noticeLimit = 5 * time.Second

// deployUntilKilled is the main function of a process that a test kills.
func deployUntilKilled(root string) {
	c, err := cloud.New(root, io.Discard)
	if err == nil {
		err = c.Deploy(context.Background())
	}
	panic(err)
}

// waitUntil waits, for up to a minute, until a condition holds.
func waitUntil(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); !is(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("after a minute still not: %s", what)
		}
	}
}

// stopProcess stops a process with SIGSTOP and waits until each of its threads has stopped: a running thread may still
// answer after the signal.
func stopProcess(t *testing.T, pid int) {
	t.Helper()
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	waitUntil(t, "the process hangs", func() bool {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		return !slices.ContainsFunc(threads, func(stat string) bool {
			text, _ := os.ReadFile(stat)
			return !strings.Contains(string(text), ") T ")
		})
	})
}

// hangCDK makes the CDK hang from now on. pid returns its process id once it hangs, and 0 before.
func hangCDK(t *testing.T, c *cloud.Cloud) (pid func() int) {
	writeTestFile(t, filepath.Join(c.Root, "hang"), "")
	return func() int {
		text, _ := os.ReadFile(filepath.Join(c.Root, "cdk"))
		n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return n
	}
}

func TestDeployFailsWhenServerDies(t *testing.T) {
	c, _ := newFakeCloud(t)
	must(t, c.Up(t.Context()))
	cdk := hangCDK(t, c)
	ended := make(chan error, 1)
	go func() { ended <- c.Deploy(t.Context()) }()
	waitUntil(t, "the CDK runs", func() bool { return cdk() != 0 })
	waiting, stop, err := cloud.ContextWhileAlive(t.Context(), c.Root)
	must(t, err)
	defer stop()

	server, _ := readPIDs(t, c)
	must(t, syscall.Kill(server, syscall.SIGKILL))
	killed := time.Now()
	if err := <-ended; !errors.Is(err, cloud.ErrEnded) {
		t.Errorf("error %v, want %v", err, cloud.ErrEnded)
	}
	<-waiting.Done()
	if took := time.Since(killed); took > noticeLimit {
		t.Errorf("noticed after %v", took)
	}
	if processAlive(cdk()) {
		t.Error("the CDK still runs")
	}
	wantError(t, c.Status(t.Context()), "is not running")
	wantError(t, c.Deploy(t.Context()), "is not running")
	_, err = cloud.Open(c.Root)
	wantError(t, err, "is not running")
}

func TestDeployAfterKilledDeployment(t *testing.T) {
	c, _ := newFakeCloud(t)
	must(t, c.Up(t.Context()))
	cdk := hangCDK(t, c)
	killDeployment(t, c, func() bool { return cdk() != 0 })
	orphan := cdk()
	if !processAlive(orphan) {
		t.Fatal("the CDK died with us, so there is nothing to see here")
	}
	_, err := cloud.Open(c.Root)
	wantError(t, err, "is not deployed")

	must(t, os.Remove(filepath.Join(c.Root, "hang")))
	must(t, c.Deploy(t.Context()))
	if processAlive(orphan) {
		t.Error("two deployments ran at once")
	}
	_, err = cloud.Open(c.Root)
	must(t, err)
}

// killDeployment starts a deployment in another process and kills that process as soon as half returns true.
func killDeployment(t *testing.T, c *cloud.Cloud, half func() bool) {
	t.Helper()
	proc := exec.Command(os.Args[0])
	proc.Env = append(os.Environ(), "SLUICE_DEPLOY_AND_DIE="+c.Root)
	must(t, proc.Start())
	waitUntil(t, "a deployment is half done", half)
	must(t, proc.Process.Kill())
	_ = proc.Wait() // killed
}

func TestDownEndsProcessesOfKilledDeployment(t *testing.T) {
	c, _ := newFakeCloud(t)
	must(t, c.Up(t.Context()))
	cdk := hangCDK(t, c)
	killDeployment(t, c, func() bool { return cdk() != 0 })
	must(t, c.Down(t.Context()))
	if processAlive(cdk()) {
		t.Error("the CDK outlived the cloud")
	}
}

func TestConcurrentUpsStartOneServer(t *testing.T) {
	c, _ := newFakeCloud(t)
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wait.Go(func() {
			again, err := cloud.New(c.Root, io.Discard)
			errs[i] = errors.Join(err, again.Up(t.Context()))
		})
	}
	wait.Wait()
	must(t, errors.Join(errs...))
	server, _ := readPIDs(t, c)
	must(t, c.Status(t.Context()))
	must(t, c.Down(t.Context()))
	if processAlive(server) {
		t.Error("the server that says it is the last was not the only one")
	}
}

func TestStatusFailsWhenServerHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("waits four seconds for an answer")
	}
	c, _ := newFakeCloud(t)
	must(t, c.Up(t.Context()))
	server, _ := readPIDs(t, c)
	stopProcess(t, server)
	asked := time.Now()
	wantError(t, c.Status(t.Context()), "does not answer")
	if took := time.Since(asked); took > noticeLimit {
		t.Errorf("returned after %v", took)
	}
	must(t, c.Down(t.Context()))
	if processAlive(server) {
		t.Error("the server that hangs was left")
	}
}
