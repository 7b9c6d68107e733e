// Command lambdaconditions runs the tests of packages as a function on AWS Lambda would run: as a user who is not root,
// under a filter that refuses the system calls that Lambda refuses (package lambdaenv). It must be started as root, in
// the folder of the module, and takes some flags of go test.
//
//	go run ./tests/lambdaconditions ./shared/platform/ffmpeg ./functions/encode
//	go run ./tests/lambdaconditions -v -run TestPromise07 ./tests/pipeline
//
// The test binaries are built as root, since the user can read neither root's module cache nor its build cache.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"sluice/localstack/lambdaenv"
)

func main() {
	run := flag.String("run", "", "run only the tests that match, as go test does")
	verbose := flag.Bool("v", false, "print all tests, as go test does")
	short := flag.Bool("short", false, "leave long tests out, as go test does")
	bench := flag.String("bench", "", "run the benchmarks that match, as go test does")
	flag.Parse()
	r := testRun{out: os.Stdout, args: []string{
		"-test.run=" + *run, fmt.Sprintf("-test.v=%t", *verbose), fmt.Sprintf("-test.short=%t", *short),
		"-test.bench=" + *bench,
	}}
	failed := false
	for _, pkg := range flag.Args() {
		if err := r.testPackage(context.Background(), pkg); err != nil {
			fmt.Println(err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// tmpPrefix begins the name of the folder for temporary files.
const tmpPrefix = "lambdaconditions-"

// testRun is how the tests of packages are run.
type testRun struct {
	args []string  // of the test binary
	out  io.Writer // takes what the tests print
}

// testPackage builds the tests of a package and runs them in the package's folder. Home and the folder for temporary
// files are new, and the user's.
func (r testRun) testPackage(ctx context.Context, pkg string) error {
	tmp, err := os.MkdirTemp("", tmpPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	home, binary := filepath.Join(tmp, "home"), filepath.Join(tmp, "package.test")
	err = errors.Join(os.Chmod(tmp, 0o755), os.Mkdir(home, 0o700), os.Chown(home, lambdaenv.UserID, lambdaenv.GroupID))
	if err != nil {
		return err
	}
	dir, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		return fmt.Errorf("go list %s: %w", pkg, err)
	}
	if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, pkg).CombinedOutput(); err != nil {
		return fmt.Errorf("go test -c %s: %w\n%s", pkg, err, out)
	}
	if _, err := os.Stat(binary); os.IsNotExist(err) {
		fmt.Fprintf(r.out, "?   \t%s\t[no test files]\n", pkg)
		return nil
	}
	cmd := exec.CommandContext(ctx, binary, r.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = strings.TrimSpace(string(dir)), r.out, r.out
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: lambdaenv.UserID, Gid: lambdaenv.GroupID},
	}
	if err := runRestricted(cmd); err != nil {
		return fmt.Errorf("FAIL\t%s\t%w", pkg, err)
	}
	fmt.Fprintf(r.out, "ok  \t%s\n", pkg)
	return nil
}

// runRestricted runs a command under the filter, on a thread of its own that ends with the run.
func runRestricted(cmd *exec.Cmd) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked, so that the thread ends with the goroutine
		if err := lambdaenv.RestrictThread(); err != nil {
			done <- err
			return
		}
		done <- cmd.Run()
	}()
	return <-done
}
