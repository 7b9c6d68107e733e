package lambdaenv_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"sluice/localstack/lambdaenv"
)

// reportEnv makes the test binary report what each system call of interest answers, instead of running tests.
const reportEnv = "LAMBDAENV_REPORT_CALLS"

func TestMain(m *testing.M) {
	if os.Getenv(reportEnv) != "" {
		reportCalls()
		return
	}
	os.Exit(m.Run())
}

// reportCalls prints a line for each call: its name, and its error or ok.
func reportCalls() {
	for _, call := range []struct {
		name   string
		number uintptr
		args   [3]uintptr
	}{
		{"prctl", unix.SYS_PRCTL, [3]uintptr{unix.PR_SET_NO_NEW_PRIVS, 1}},
		{"seccomp", unix.SYS_SECCOMP, [3]uintptr{unix.SECCOMP_SET_MODE_STRICT, 1}},
		{"ptrace", unix.SYS_PTRACE, [3]uintptr{unix.PTRACE_TRACEME}},
		{"chroot", unix.SYS_CHROOT, [3]uintptr{}},
		{"unshare", unix.SYS_UNSHARE, [3]uintptr{}},
		{"fallocate", unix.SYS_FALLOCATE, [3]uintptr{}},
		{"landlock_create_ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, [3]uintptr{0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION}},
		{"setpgid", unix.SYS_SETPGID, [3]uintptr{}},
		{"getpid", unix.SYS_GETPID, [3]uintptr{}},
	} {
		answer := "ok"
		if _, _, e := unix.RawSyscall(call.number, call.args[0], call.args[1], call.args[2]); e != 0 {
			answer = unix.ErrnoName(e)
		}
		fmt.Println(call.name, answer)
	}
	fmt.Println("uid", os.Getuid())
}

func TestFilterAnswersAsLambdaDoes(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: the system call filter and the user of a function")
	}
	exe, err := os.Open("/proc/self/exe") // the user may not reach where go test has put it
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	cmd := exec.Command("/proc/self/fd/3")
	cmd.ExtraFiles = []*os.File{exe}
	cmd.Dir, cmd.Env = "/", []string{reportEnv + "=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: lambdaenv.UserID, Gid: lambdaenv.GroupID}}
	out, err := runRestricted(cmd)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `prctl EPERM
seccomp EPERM
ptrace EPERM
chroot EPERM
unshare EPERM
fallocate EPERM
landlock_create_ruleset ENOSYS
setpgid ok
getpid ok
uid 993
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

// runRestricted runs cmd under the filter. Its goroutine's thread ends with it.
func runRestricted(cmd *exec.Cmd) (string, error) {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is not used again
		done <- errors.Join(lambdaenv.RestrictThread(), cmd.Run())
	}()
	err := <-done
	return out.String(), err
}
