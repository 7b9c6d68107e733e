package lambdaenv_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"sluice/localstack/lambdaenv"
)

const nobody = 65534 // a user

// These make the test binary do something else than run tests.
const (
	reportEnv = "LAMBDAENV_REPORT_CALLS" // report what system calls answer
	probeEnv  = "LAMBDAENV_PROBE"        // probe: a launcher and a description
	chooseEnv = "LAMBDAENV_CHOOSE"       // choose a mode, and print it or the error
)

func TestMain(m *testing.M) {
	if os.Getenv(reportEnv) != "" {
		reportCalls()
		return
	}
	if launcher, text, ok := strings.Cut(os.Getenv(probeEnv), " "); ok {
		var d lambdaenv.Description
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			panic(err)
		}
		found, err := lambdaenv.Probe(launcher, d)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = json.NewEncoder(os.Stdout).Encode(found)
		return
	}
	if launcher := os.Getenv(chooseEnv); launcher != "" {
		fmt.Println(lambdaenv.ChooseMode(launcher, filepath.Join(filepath.Dir(launcher), "state"), ""))
		return
	}
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

var built struct {
	once sync.Once
	dir  string
	err  error
}

// buildLauncher returns the launcher, which is built once.
func buildLauncher(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "launcher-"); built.err != nil {
			return
		}
		cmd := exec.Command(
			"go", "build", "-ldflags=-s -w", "-o", filepath.Join(built.dir, "launcher"), "sluice/localstack/launcher",
		)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	must(t, built.err)
	return filepath.Join(built.dir, "launcher")
}

// needsRoot skips a test where what it is about can't be had.
func needsRoot(t testing.TB, what string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skipf("only root can enforce: %s", what)
	}
}

// commandAsUser returns a command that runs the test binary as that user, who may not reach where go test has put it.
func commandAsUser(t *testing.T, uid uint32, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Open("/proc/self/exe")
	must(t, err)
	t.Cleanup(func() { exe.Close() })
	cmd := exec.Command("/proc/self/fd/3")
	cmd.ExtraFiles = []*os.File{exe}
	cmd.Dir, cmd.Env = "/", env
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return cmd
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pidText(pid int) string { return strconv.Itoa(pid) }

func pidOf(procFile string) int {
	pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(procFile)))
	return pid
}
