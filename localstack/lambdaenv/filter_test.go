package lambdaenv_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sluice/localstack/lambdaenv"
)

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
		{
			"landlock_create_ruleset", unix.SYS_LANDLOCK_CREATE_RULESET,
			[3]uintptr{0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION},
		},
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
	needsRoot(t, "the system call filter without no_new_privs")
	cmd := commandAsUser(t, lambdaenv.UserID, reportEnv+"=1")
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
