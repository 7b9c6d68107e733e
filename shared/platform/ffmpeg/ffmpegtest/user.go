package ffmpegtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"sluice/shared/platform/ffmpeg"
)

// userID is the user and the group that tests of the lambda set run as: nobody.
const userID = 65534

// LeaveRoot makes $SLUICE_SANDBOX=lambda possible for root, from whom that set protects nothing: it runs this test
// binary again as another user and ends this process. In all other cases it does nothing. TestMain calls it first.
func LeaveRoot() {
	if os.Geteuid() != 0 || os.Getenv(ffmpeg.LayersVariable) != string(ffmpeg.LambdaLayers) {
		return
	}
	code, err := runAsUser()
	if err != nil {
		fmt.Fprintln(os.Stderr, "run the tests as another user:", err)
		code = 1
	}
	os.Exit(code)
}

// runAsUser runs a copy of this program, which the user can reach, with a folder for temporary files, and returns its
// exit code.
func runAsUser() (code int, err error) {
	dir, err := os.MkdirTemp("", "sluice-user-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program, tmp := filepath.Join(dir, "package.test"), filepath.Join(dir, "tmp")
	if err := errors.Join(
		os.Chmod(dir, 0o755), copyProgram(program), os.Mkdir(tmp, 0o700), os.Chown(tmp, userID, userID),
	); err != nil {
		return 0, err
	}
	args := slices.DeleteFunc(slices.Clone(os.Args), func(arg string) bool { // the go command's file, which is root's
		return strings.HasPrefix(arg, "-test.testlogfile=")
	})
	p, err := os.StartProcess(program, args, &os.ProcAttr{
		Env:   slices.Concat(os.Environ(), []string{"TMPDIR=" + tmp, "HOME=" + tmp}),
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: userID, Gid: userID}},
	})
	if err != nil {
		return 0, err
	}
	state, err := p.Wait()
	if err != nil {
		return 0, err
	}
	return state.ExitCode(), nil
}

func copyProgram(path string) error {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
