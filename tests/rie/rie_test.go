// Package rie runs each function under AWS's own runtime interface emulator, which speaks the Runtime API as AWS's code
// does: https://github.com/aws/aws-lambda-runtime-interface-emulator. As root it does so in Lambda's conditions
// (package lambdaenv). The emulator is pinned by the module in tool, and no dependency of Sluice.
package rie

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/localstack/lambdaenv"
	"sluice/shared/domain/services"
)

// timeout is the timeout of every function, in seconds.
const timeout = 5

// invocation is an event, and a part of the answer to it.
type invocation struct{ event, answer string }

// wrongEvent is no event of any function: an error, whose type the Go runtime says.
var wrongEvent = invocation{`"text"`, `"errorType":"UnmarshalTypeError"`}

// findInvocation returns an invocation of the service that needs nothing of AWS, but that each call there be refused.
func findInvocation(s services.Service) invocation {
	switch {
	case len(s.Routes) > 0:
		return invocation{
			`{"httpMethod": "GET", "path": "/nowhere", "resource": "/nowhere", "headers": {}}`, `"statusCode":404`,
		}
	case s.Inbox != nil:
		return invocation{`{"Records": []}`, `{"batchItemFailures":[]}`}
	case s.Name == services.Authorizer:
		return invocation{`{"type": "TOKEN", "authorizationToken": "none"}`, `"errorMessage":"Unauthorized"`}
	}
	return invocation{`{}`, `"errorType":`} // a run that does all it has to, and says what failed
}

func TestFunctionsRunUnderTheRuntimeInterfaceEmulator(t *testing.T) {
	if testing.Short() {
		t.Skip("builds every function, and waits for each to time out")
	}
	if os.Getuid() != 0 {
		t.Log("not in Lambda's conditions, which only root can enforce")
	}
	dir := t.TempDir()
	emulator := filepath.Join(dir, "aws-lambda-rie")
	runGo(
		t, "build", "-C", "tool", "-trimpath", "-o", emulator,
		"github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie",
	)
	launcher := filepath.Join(dir, "launcher")
	runGo(t, "build", "-o", launcher, "sluice/localstack/launcher")
	if out, err := exec.CommandContext(
		t.Context(), "make", "-C", "../..", "build-"+runtime.GOARCH,
	).CombinedOutput(); err != nil {
		t.Fatalf("make: %v\n%s", err, out)
	}
	refusals := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type": "ValidationException", "message": "nothing is here"}`)
	}))
	t.Cleanup(refusals.Close)
	t.Cleanup(func() { must(t, lambdaenv.Clean(filepath.Join(dir, "state"))) })
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			bootstrap, err := filepath.Abs(filepath.Join("../../build", runtime.GOARCH, s.Name, "bootstrap"))
			must(t, err)
			if os.Getuid() == 0 {
				bootstrap = packFunction(t, filepath.Join(dir, "state"), launcher, filepath.Dir(bootstrap), s)
			}
			testFunction(t, startEmulator(t, emulator, bootstrap, s, refusals.URL), s)
		})
	}
}

func testFunction(t *testing.T, f function, s services.Service) {
	ok := findInvocation(s)
	for _, one := range []invocation{ok, wrongEvent, ok} { // the first one starts the function
		if answer := f.invoke(t, one.event); !strings.Contains(answer, one.answer) {
			t.Fatalf("%s is answered %s, without %s\n%s", one.event, answer, one.answer, f.log)
		}
	}
	// A function that stands still is one that has not answered in time, whatever it does.
	stopProcess(t, f.findProcess(t))
	if answer, want := f.invoke(
		t, ok.event,
	), "Task timed out after "+strconv.Itoa(timeout)+".00 seconds"; answer != want {
		t.Fatalf("a function that stands still answers %s, not %s\n%s", answer, want, f.log)
	}
	if answer := f.invoke(t, ok.event); !strings.Contains(answer, ok.answer) { // in a new environment
		t.Fatalf("after a timeout %s is answered %s, without %s\n%s", ok.event, answer, ok.answer, f.log)
	}
}

// packFunction returns the bootstrap of a package that runs the function in Lambda's conditions.
func packFunction(t *testing.T, state, launcher, code string, s services.Service) string {
	t.Helper()
	d := lambdaenv.Description{Mode: lambdaenv.ModeRoot, Memory: s.Memory, Tmp: max(s.Disk, 512), State: state}
	to := t.TempDir()
	must(t, lambdaenv.Prepare(d.Mode, d.State, d.Tmp))
	must(t, lambdaenv.Pack(to, code, launcher, d))
	return filepath.Join(to, "bootstrap")
}

// function is a function that the emulator runs.
type function struct {
	url, name string
	log       *bytes.Buffer
}

// startEmulator starts the emulator, which starts the function with its first event.
func startEmulator(t *testing.T, emulator, bootstrap string, s services.Service, aws string) function {
	t.Helper()
	at := findFreeAddress(t)
	f := function{
		url:  "http://" + at + "/2015-03-31/functions/function/invocations",
		name: fmt.Sprintf("sluice-%s-%d", s.Name, os.Getpid()), log: &bytes.Buffer{},
	}
	cmd := exec.Command(
		emulator, "--runtime-interface-emulator-address", at, "--runtime-api-address", findFreeAddress(t), bootstrap,
	)
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Dir(bootstrap), f.log, f.log
	cmd.WaitDelay = time.Second
	cmd.Env = []string{
		"AWS_LAMBDA_FUNCTION_NAME=" + f.name, "AWS_LAMBDA_FUNCTION_TIMEOUT=" + strconv.Itoa(timeout),
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(s.Memory),
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=" + aws,
		services.EnvS3PathStyle + "=true",
	}
	for _, name := range s.RequiredEnv() {
		cmd.Env = append(cmd.Env, name+"="+chooseValue(name))
	}
	must(t, cmd.Start())
	t.Cleanup(func() {
		for _, pid := range f.listProcesses() { // what it has started is in groups of its own
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			conn.Close()
			return f
		}
		if time.Now().After(end) {
			t.Fatalf("%v\n%s", err, f.log)
		}
	}
}

// chooseValue returns a value for a variable that a function can't do without.
func chooseValue(name string) string {
	switch name {
	case services.EnvConcurrency, services.EnvInFlightLimit:
		return "100"
	case services.EnvFFmpegDir:
		return lambdaenv.ToolsDir
	}
	return strings.ToLower(name)
}

func (f function) invoke(t *testing.T, event string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, strings.NewReader(event))
	must(t, err)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%v\n%s", err, f.log)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(t, err)
	var compact bytes.Buffer
	if json.Compact(&compact, text) == nil {
		return compact.String()
	}
	return string(text)
}

// listProcesses returns the processes of the function: those that see its name, but for the emulator.
func (f function) listProcesses() (found []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text, []byte("AWS_LAMBDA_FUNCTION_NAME="+f.name+"\x00")) ||
			!bytes.Contains(text, []byte("LAMBDA_TASK_ROOT=")) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		found = append(found, pid)
	}
	return found
}

// findProcess returns the process of the function itself: in Lambda's conditions, the one in /var/task.
func (f function) findProcess(t *testing.T) int {
	t.Helper()
	all := f.listProcesses()
	for _, pid := range all {
		dir, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
		if os.Getuid() != 0 || dir == lambdaenv.TaskRoot {
			return pid
		}
	}
	t.Fatalf("the function has no process, but %v\n%s", all, f.log)
	return 0
}

// stopProcess has a process stand still. It returns when each of its threads does.
func stopProcess(t *testing.T, pid int) {
	t.Helper()
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	for end := time.Now().Add(time.Minute); !isStopped(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d does not stop", pid)
		}
	}
}

func isStopped(pid int) bool {
	threads, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task/*/stat"))
	for _, thread := range threads {
		if text, err := os.ReadFile(thread); err == nil && !bytes.Contains(text, []byte(") T ")) {
			return false
		}
	}
	return true
}

func findFreeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

func runGo(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
