package cloud

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	// Region is the only region of the local cloud.
	Region = "us-east-1"
	// Account is the only account of the local cloud.
	Account = "000000000000"
	// DefaultPort is MiniStack's port, unless SLUICE_PORT is set.
	DefaultPort = 4566
	// DefaultStepTimeout is how long one step (an installation, a deployment) may take. Slow machines with two
	// processors have needed six minutes.
	DefaultStepTimeout = 15 * time.Minute

	stopTimeout = 5 * time.Second
)

// Cloud is the local cloud of one clone of the repository.
type Cloud struct {
	Root        string        // the repository
	Port        int           // of the server
	Out         io.Writer     // progress, for people
	StepTimeout time.Duration // for each step
	BuiltDir    string        // with a folder of built functions for each architecture; "": build

	portFromEnv      bool // SLUICE_PORT is set
	liveProgress     bool // Out is a terminal wide enough for a step
	emulator         *emulator
	lambdaConditions bool   // functions run in Lambda's conditions: SLUICE_LAMBDA
	url              string // of a server that this package does not start; "": it does
}

// New returns the local cloud of the repository at root. It looks at CLOUD (ministack, localstack, or endpoint with
// AWS_ENDPOINT_URL), SLUICE_PORT and, for the time limit of a step, at SLUICE_LIMIT (such as 30m), and at
// SLUICE_LAMBDA (on or off).
func New(root string, out io.Writer) (*Cloud, error) {
	emulator, err := selectEmulator()
	if err != nil {
		return nil, err
	}
	c := &Cloud{
		Root: root, Port: emulator.port, Out: out, StepTimeout: DefaultStepTimeout, liveProgress: fitsTerminal(out),
		emulator: emulator, url: emulator.url,
	}
	if text := os.Getenv("SLUICE_PORT"); text != "" {
		port, err := strconv.Atoi(text)
		if err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("SLUICE_PORT is %q, which is no port (1 to 65535)", text)
		}
		c.Port, c.portFromEnv = port, true
	}
	if text := os.Getenv("SLUICE_LIMIT"); text != "" {
		limit, err := time.ParseDuration(text)
		if err != nil || limit <= 0 {
			return nil, fmt.Errorf("SLUICE_LIMIT is %q, which is no time such as 30m", text)
		}
		c.StepTimeout = limit
	}
	c.lambdaConditions, err = readConditionsSetting()
	return c, err
}

// FindRoot returns the folder of the module `sluice` that contains dir.
func FindRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		var module string
		if _, serr := fmt.Sscanf(string(text), "module %s", &module); err == nil && serr == nil && module == "sluice" {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not inside Sluice's repository (no go.mod of the module sluice above it)", dir)
		}
	}
}

func (c *Cloud) endpointURL() string {
	return cmp.Or(c.url, fmt.Sprintf("http://127.0.0.1:%d", c.Port))
}

// apiURL is the URL of Sluice's API: on a local cloud, infra sets the API's id to `sluice`.
func (c *Cloud) apiURL() string {
	return c.endpointURL() + "/restapis/sluice/prod/_user_request_"
}

func (c *Cloud) buildPath(parts ...string) string {
	return filepath.Join(append([]string{c.Root, "build"}, parts...)...)
}

// dataPath returns a path in the folder with the state and logs of the running cloud.
func (c *Cloud) dataPath(parts ...string) string {
	return c.buildPath(append([]string{c.emulator.dataDir}, parts...)...)
}

func (c *Cloud) pinPath(name string) string { return filepath.Join(c.Root, "localstack", name) }

func (c *Cloud) printLine(format string, args ...any) { fmt.Fprintf(c.Out, format+"\n", args...) }

// lockRepository waits until no other process builds or starts anything in this repository, and locks it.
func (c *Cloud) lockRepository() (unlock func(), err error) {
	// The build folder is a module of its own, so that `go vet ./...` does not find the Go files in the CDK's
	// templates.
	if err := os.MkdirAll(c.buildPath(), 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(c.buildPath("go.mod"), []byte("module build\n"), 0o644); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(c.buildPath("lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		c.printLine("waiting for another run in this repository to finish")
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
	}
	return func() { file.Close() }, nil
}
