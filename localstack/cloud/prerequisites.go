package cloud

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// version is the major and minor version of a program.
type version struct{ major, minor int }

func (v version) atLeast(w version) bool {
	return v.major > w.major || v.major == w.major && v.minor >= w.minor
}

var (
	minPython = version{3, 10}
	minNode   = version{20, 0}
	pythons   = []string{"python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"}
)

// findPython returns the first Python on PATH that is new enough and can make a virtual environment. Debian's python3
// can't without python3-venv.
func findPython(ctx context.Context) (string, error) {
	var withoutVenv string
	for _, name := range pythons {
		path, err := exec.LookPath(name)
		if err != nil || !programVersion(ctx, path, "Python %d.%d").atLeast(minPython) {
			continue
		}
		if _, err := programOutput(ctx, path, "-I", "-c", "import venv, ensurepip"); err == nil {
			return path, nil
		}
		withoutVenv = path
	}
	if withoutVenv != "" {
		return "", fmt.Errorf("%s has no module venv: install it (on Debian and Ubuntu: apt install python3-venv)",
			withoutVenv)
	}
	return "", errors.New("the local cloud needs Python 3.10 or newer: install python3 and put it on PATH")
}

// checkNode returns an error unless node and npm are on PATH.
func checkNode(ctx context.Context) error {
	path, err := exec.LookPath("node")
	if err != nil {
		return errors.New("the CDK needs Node.js 20 or newer: install node and put it on PATH")
	}
	if v := programVersion(ctx, path, "v%d.%d"); !v.atLeast(minNode) {
		return fmt.Errorf("the CDK needs Node.js 20 or newer and %s is %d.%d: install a newer one", path, v.major,
			v.minor)
	}
	return checkProgram("npm", "the CDK is installed with npm: install npm and put it on PATH")
}

// checkProgram returns an error with the text missing unless the program is on PATH.
func checkProgram(name, missing string) error {
	if _, err := exec.LookPath(name); err != nil {
		return errors.New(missing)
	}
	return nil
}

// programVersion returns the version that a program prints; the zero version if it prints none.
func programVersion(ctx context.Context, path, format string) version {
	text, err := programOutput(ctx, path, "--version")
	if err != nil {
		return version{}
	}
	return parseVersion(text, format)
}

func parseVersion(text, format string) version {
	var v version
	if _, err := fmt.Sscanf(strings.TrimSpace(text), format, &v.major, &v.minor); err != nil {
		return version{}
	}
	return v
}

func programOutput(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).Output()
	return string(out), err
}
