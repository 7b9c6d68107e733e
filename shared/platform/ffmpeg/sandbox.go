package ffmpeg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sluice/shared/platform/ffmpeg/buffer"
	"sluice/shared/platform/ffmpeg/leftovers"
)

// Layers names a set of sandbox layers.
type Layers string

const (
	FullLayers   Layers = "full"   // seccomp, Landlock where the kernel has it, no_new_privs, death with the parent
	LambdaLayers Layers = "lambda" // what works where the system calls for those are refused, as on AWS Lambda
)

// Sandbox is the sandbox that this process runs tools in.
type Sandbox struct {
	Layers Layers // empty if Err is not nil and it is not known what the kernel allows
	Reason string // why it is not the full set, for logs
	Err    error  // why no tool may run; nil if tools may run
}

// Unavailable returns the error of each run of a tool if s.Err is not nil: Internal, cage_unavailable.
func (s Sandbox) Unavailable() error { return sandboxUnavailable.toError("ffmpeg.Sandbox", s.Err) }

// LayersVariable is the environment variable that forces the lambda set with the value "lambda", for tests. The full
// set can't be forced.
const LayersVariable = "SLUICE_SANDBOX"

// The names under which this program runs itself (argv[0]).
const (
	supervisorName = leftovers.SupervisorName // watches a tool of the lambda set
	launcherName   = "sluice-launcher"        // becomes the tool
	probeName      = "sluice-probe"           // tries the full set
	secretsName    = "sluice-secrets-test"    // tries to read its parent's secrets
)

// current is set by InitSandbox. Before, a program that ran itself would only do its main all over again.
var current = Sandbox{Err: errors.New("InitSandbox was not called in main")}

// CurrentSandbox returns the sandbox that InitSandbox has chosen.
func CurrentSandbox() Sandbox { return current }

// InitSandbox makes this program able to run tools; it must come before anything else in main, and in TestMain. In the
// processes that a run of a tool consists of it does their work and never returns. In the program itself it chooses the
// set of layers. In the lambda set it then executes a copy of the program that nobody may read (see replaceSelf), so
// that main begins once more, and tests that a child can't read this process's secrets. Errors are kept for
// CurrentSandbox: they fail each run of a tool.
func InitSandbox() {
	switch os.Args[0] {
	case supervisorName:
		os.Exit(runSupervisor(os.Args[1:]))
	case launcherName:
		exitLauncher(runLauncher(os.Args[1:]))
	case probeName:
		os.Exit(tryFullLayers())
	case secretsName:
		os.Exit(trySecrets(os.Getppid()))
	}
	current = chooseSandbox()
}

// chooseSandbox returns the full set if the kernel allows it, and else the lambda set.
func chooseSandbox() Sandbox {
	c, isCopy := takeSelfCopy()
	s := Sandbox{Layers: LambdaLayers, Reason: c.Reason}
	if !isCopy {
		s = detectLayers()
	}
	switch {
	case s.Err != nil:
	case s.Layers == FullLayers:
		// This process can't be looked into through /proc or ptrace by others of the same user from here on.
		s.Err = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	default:
		var copyErr error
		if !isCopy {
			copyErr = replaceSelf(s.Reason)
		}
		if err := checkSecrets(); err != nil {
			s.Err = errors.Join(err, copyErr)
		}
	}
	return s
}

// probeTimeout is how long a child may take that tries something at the start.
const probeTimeout = 20 * time.Second

// Exit codes of the children that try something.
const (
	probeOK      = 0
	probeFailed  = 1 // for a reason that says nothing about the kernel
	probeRefused = 3 // the kernel refuses a layer
)

// detectLayers has a child put up the full set's layers, since they can't be taken off again.
func detectLayers() Sandbox {
	if os.Getenv(LayersVariable) == string(LambdaLayers) {
		return Sandbox{Layers: LambdaLayers, Reason: LayersVariable + " is set"}
	}
	out, err := runSelf(probeName, &unix.SysProcAttr{Pdeathsig: unix.SIGKILL})
	var exit *exec.ExitError
	switch {
	case err == nil:
		return Sandbox{Layers: FullLayers}
	case errors.As(err, &exit) && exit.ExitCode() == probeRefused:
		return Sandbox{Layers: LambdaLayers, Reason: out}
	case isRefusal(err):
		return Sandbox{Layers: LambdaLayers, Reason: fmt.Sprintf("death with the parent: %v", err)}
	}
	return Sandbox{Err: fmt.Errorf("try the full sandbox: %w: %s", err, out)}
}

// runSelf runs this program under another name, with an empty environment, and returns what it prints to stderr.
func runSelf(name string, attr *unix.SysProcAttr) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	var out buffer.Tail
	cmd := exec.CommandContext(ctx, selfPath)
	cmd.Args, cmd.Env, cmd.Stderr, cmd.SysProcAttr = []string{name}, []string{}, &out, attr
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}

// isRefusal reports whether an error is how a kernel, or a filter of system calls, refuses a call that it does not have
// or does not allow.
func isRefusal(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOSYS) ||
		errors.Is(err, unix.EINVAL)
}

// tryFullLayers puts up the layers of the full set, and returns an exit code.
func tryFullLayers() int {
	err := enterSandbox(os.DevNull)
	switch {
	case err == nil:
		return probeOK
	case isRefusal(err):
		fmt.Fprintln(os.Stderr, err)
		return probeRefused
	}
	fmt.Fprintln(os.Stderr, err)
	return probeFailed
}

// checkSecrets proves that a child of the same user can't read this process's environment, memory and files, which
// is what the tool could read too.
func checkSecrets() error {
	out, err := runSelf(secretsName, nil)
	if err != nil {
		return fmt.Errorf("a tool could read this process's secrets: %w: %s", err, out)
	}
	return nil
}

// trySecrets tries to open what the kernel shows of a process, and returns an exit code.
func trySecrets(pid int) int {
	var open []string
	for _, name := range []string{"environ", "mem", "maps", "fd"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/%s", pid, name))
		if !errors.Is(err, os.ErrPermission) {
			open = append(open, fmt.Sprintf("%s (%v)", name, err))
		}
		f.Close()
	}
	if open != nil {
		fmt.Fprintln(os.Stderr, "not closed:", strings.Join(open, ", "))
		return probeFailed
	}
	return probeOK
}

// job is what the supervisor and the launcher are told, as JSON.
type job struct {
	Layers   Layers
	Limits   Limits
	Mark     uint64 // see mark; 0 in the full set
	Deadline int64  // Unix milliseconds at which the supervisor ends the run; 0 if there is none
}

// buildArgs returns a command line for one of this program's roles, which parseJob reads.
func (j job) buildArgs(role, tool string, args []string) ([]string, error) {
	b, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return append([]string{role, string(b), tool}, args...), nil
}

// parseJob returns a job, and the tool with its arguments.
func parseJob(args []string) (j job, tool []string, err error) {
	if len(args) < 2 {
		return j, nil, fmt.Errorf("%d arguments", len(args))
	}
	return j, args[1:], json.Unmarshal([]byte(args[0]), &j)
}
