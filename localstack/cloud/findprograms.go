package cloud

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// LocalStack 4.14.0 uses syntax of Python 3.12, and its pinned dependencies do not support 3.14.
var (
	minLocalStackPython    = version{3, 12}
	firstUnsupportedPython = version{3, 14}
	minJDK                 = version{17, 0}
)

// findLocalStackPython returns the first Python 3.12 or 3.13 that can make a virtual environment: on PATH, of pyenv, or
// of uv.
func findLocalStackPython(ctx context.Context) (string, error) {
	home, _ := os.UserHomeDir()
	uv := cmp.Or(os.Getenv("UV_PYTHON_INSTALL_DIR"),
		filepath.Join(cmp.Or(os.Getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share")), "uv", "python"))
	var found []string
	for _, name := range []string{"python3", "python3.13", "python3.12"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	for _, pattern := range []string{
		filepath.Join(pyenvRoot(home), "versions", "3.1[23].*", "bin", "python3"),
		filepath.Join(uv, "cpython-3.1[23].*", "bin", "python3"),
	} {
		paths, _ := filepath.Glob(pattern) // the pattern is valid
		found = append(found, paths...)
	}
	for _, path := range found {
		v := programVersion(ctx, path, "Python %d.%d")
		if !v.atLeast(minLocalStackPython) || v.atLeast(firstUnsupportedPython) {
			continue
		}
		if _, err := programOutput(ctx, path, "-I", "-c", "import venv, ensurepip"); err == nil {
			return path, nil
		}
	}
	return "", errors.New(
		"LocalStack needs Python 3.12 or 3.13 with its module venv, and PATH, pyenv and uv have none: install one",
	)
}

// pyenvRoot returns the folder of pyenv: PYENV_ROOT, the parent of the folder shims on PATH, or ~/.pyenv.
func pyenvRoot(home string) string {
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.Base(folder) == "shims" {
			return cmp.Or(os.Getenv("PYENV_ROOT"), filepath.Dir(folder))
		}
	}
	return cmp.Or(os.Getenv("PYENV_ROOT"), filepath.Join(home, ".pyenv"))
}

// findJDK returns the home of the first JDK 17 or newer: JAVA_HOME, or the one whose javac is on PATH.
func findJDK(ctx context.Context) (string, error) {
	candidates := []string{os.Getenv("JAVA_HOME")}
	if path, err := exec.LookPath("javac"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			candidates = append(candidates, filepath.Dir(filepath.Dir(path)))
		}
	}
	for _, home := range candidates {
		text, err := programOutput(ctx, filepath.Join(home, "bin", "javac"), "--version")
		// The first version of a release prints "javac 21", without a minor version.
		if err == nil && home != "" && parseVersion(strings.TrimSpace(text)+".0", "javac %d.%d").atLeast(minJDK) {
			return home, nil
		}
	}
	return "", errors.New("LocalStack's DynamoDB needs a JDK 17 or newer, and neither JAVA_HOME nor PATH has one: install it, or set JAVA_HOME")
}
