package lambdaenv_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sluice/localstack/lambdaenv"
)

func TestFunctionFindsItsPackageAndLayer(t *testing.T) {
	needsRoot(t, "/var/task and /opt")
	tools := t.TempDir()
	writeScript(t, filepath.Join(tools, "ffmpeg"), "echo a tool")
	p := packScript(
		t, lambdaenv.Description{Memory: 128, Tmp: 16, Tools: tools},
		`/opt/bin/ffmpeg; stat -c '%n %u %a' /var/task/bootstrap /opt/bin/ffmpeg; ls -A /var/task /opt /dev`,
	)
	out, err := p.run()
	must(t, err)
	want := `a tool
/var/task/bootstrap 0 755
/opt/bin/ffmpeg 0 755
/dev:
fd
full
null
random
stderr
stdin
stdout
urandom
zero

/opt:
bin

/var/task:
bootstrap
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

func TestTmpHasTheSizeInTheMap(t *testing.T) {
	needsRoot(t, "the size of /tmp")
	p := packScript(
		t, lambdaenv.Description{Memory: 128, Tmp: 16},
		`head -c 16M /dev/zero >/tmp/fits && echo fits && head -c 4M /dev/zero >/tmp/not || echo full`,
	)
	out, _ := p.run()
	if !strings.HasPrefix(out, "fits\n") || !strings.HasSuffix(out, "No space left on device\nfull\n") {
		t.Errorf("16 and 4 MiB in a /tmp of 16: %s", out)
	}
}

// A tmpfs would count as memory, and kill the function.
func TestTmpMayHoldMoreThanMemory(t *testing.T) {
	needsRoot(t, "the size of /tmp and the memory")
	p := packScript(
		t, lambdaenv.Description{Memory: 64, Tmp: 512}, `head -c 400M /dev/zero >/tmp/large && stat -c %s /tmp/large`,
	)
	if out, err := p.run(); out != "419430400\n" || err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestMemoryBeyondTheMapIsAKill(t *testing.T) {
	needsRoot(t, "the memory")
	p := packScript(t, lambdaenv.Description{Memory: 64, Tmp: 16}, `exec tail /dev/zero`)
	_, err := p.run()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != unix.SIGKILL {
		t.Errorf("a function that takes all memory ended with: %v", err)
	}
}

func TestLauncherEndsAsTheFunctionDid(t *testing.T) {
	needsRoot(t, "a function in namespaces of its own")
	for script, want := range map[string]string{
		"exit 0": "", "exit 3": "exit status 3", "kill -KILL $$": "signal: killed", "kill -SEGV $$": "exit status 139",
	} {
		_, err := packScript(t, lambdaenv.Description{Memory: 64, Tmp: 16}, script).run()
		if got := errorText(err); got != want {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
}

func TestNothingOfAFunctionStays(t *testing.T) {
	needsRoot(t, "a function in namespaces of its own")
	for _, c := range []struct {
		name string
		end  func(launcher *os.Process) error
	}{
		{"launcher killed", func(p *os.Process) error { return p.Kill() }},
		{"launcher ended", func(p *os.Process) error { return p.Signal(unix.SIGTERM) }},
		{"init killed", func(p *os.Process) error { return unix.Kill(findChild(t, p.Pid), unix.SIGKILL) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			// One child leaves the session and the process group.
			p := packScript(
				t, lambdaenv.Description{Memory: 64, Tmp: 16},
				`setsid sleep 600 & echo $! >/tmp/x; echo ready; sleep 600`,
			)
			cmd := p.command()
			out, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			defer func() { _ = cmd.Process.Kill() }()
			ready := make([]byte, 6)
			_, err = io.ReadFull(out, ready)
			must(t, err)
			// init, function, two sleeps, a loop device
			for end := time.Now().Add(10 * time.Second); len(p.remains()) < 5; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("while it runs there are only %q", p.remains())
				}
			}
			must(t, c.end(cmd.Process))
			_ = cmd.Wait()
			for end := time.Now().Add(10 * time.Second); len(p.remains()) > 0 && time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond)
			}
			if got := p.remains(); len(got) > 0 {
				t.Errorf("left: %q", got)
			}
			must(t, lambdaenv.Clean(p.state))
			if left, _ := filepath.Glob("/sys/fs/cgroup/**/sluice-*/" + "[0-9]*"); slices.ContainsFunc(
				left, func(dir string) bool {
					return filepath.Base(dir) == pidText(cmd.Process.Pid)
				},
			) {
				t.Errorf("cgroups left: %q", left)
			}
		})
	}
}

func TestFailureIsAnErrorOfInitialization(t *testing.T) {
	needsRoot(t, "a function in namespaces of its own")
	said := make(chan string, 1)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		said <- r.Method + " " + r.URL.Path + " " + string(text)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer api.Close()
	p := packScript(t, lambdaenv.Description{Memory: 64, Tmp: 16, Tools: "/nowhere"}, "exit 0")
	cmd := p.command()
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://")}
	if err := cmd.Run(); errorText(err) != "exit status 1" {
		t.Errorf("it ended with %v", err)
	}
	if got := <-said; !strings.HasPrefix(got, "POST /2018-06-01/runtime/init/error {") ||
		!strings.Contains(got, "/nowhere: no such file") {
		t.Errorf("the Runtime API heard: %s", got)
	}
}

// pack is a package with a script as its function.
type pack struct {
	dir, state string
}

func packScript(t *testing.T, d lambdaenv.Description, script string) pack {
	t.Helper()
	dir := t.TempDir()
	p := pack{dir: filepath.Join(dir, "package"), state: filepath.Join(dir, "state")}
	d.Mode, d.State = lambdaenv.ModeRoot, p.state
	code := filepath.Join(dir, "code")
	must(t, os.Mkdir(code, 0o755))
	writeScript(t, filepath.Join(code, "bootstrap"), script)
	must(t, lambdaenv.Prepare(d.Mode, d.State, d.Tmp))
	must(t, lambdaenv.Pack(p.dir, code, buildLauncher(t), d))
	t.Cleanup(func() { must(t, lambdaenv.Clean(p.state)) })
	return p
}

func writeScript(t *testing.T, path, script string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

func (p pack) command() *exec.Cmd { return exec.Command(filepath.Join(p.dir, "bootstrap")) }

func (p pack) run() (string, error) {
	out, err := p.command().CombinedOutput()
	return string(out), err
}

// remains returns what there is of the function: processes in its root or of the launcher, and loop devices.
func (p pack) remains() (found []string) {
	for _, pattern := range []string{"/proc/[0-9]*/mountinfo", "/sys/block/loop*/loop/backing_file"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(filepath.Dir(p.dir))) {
				found = append(found, file)
			}
		}
	}
	return found
}

func findChild(t *testing.T, pid int) int {
	t.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, _ := os.ReadFile(file)
		if _, after, ok := bytes.Cut(text, []byte(") S ")); ok && bytes.HasPrefix(after, []byte(pidText(pid)+" ")) {
			return pidOf(file)
		}
	}
	t.Fatalf("process %d has no child", pid)
	return 0
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
