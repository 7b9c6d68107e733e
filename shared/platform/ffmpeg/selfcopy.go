package ffmpeg

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// selfPath is a path that executes this program, also where its file was removed.
const selfPath = "/proc/self/exe"

// copyVariable is the environment variable that tells a program that it is the copy.
const copyVariable = "SLUICE_SANDBOX_COPY"

const copyPrefix = "sluice-self-"

// selfCopy is what the copy is told, as JSON.
type selfCopy struct {
	Path   string // of the copy
	Of     string // path of the program that was copied
	Reason string // why the full set is not used
}

// originalPath is where this program's file is, of which this process may run a copy.
var originalPath, _ = os.Executable()

// takeSelfCopy reports whether this process runs the copy, and removes its file if so.
func takeSelfCopy() (c selfCopy, is bool) {
	text, is := os.LookupEnv(copyVariable)
	if !is {
		return c, false
	}
	os.Unsetenv(copyVariable)
	if json.Unmarshal([]byte(text), &c) == nil && isSelf(c.Path) &&
		strings.HasPrefix(filepath.Base(c.Path), copyPrefix) {
		_ = os.Remove(c.Path) // a file that stays is harmless
		originalPath = c.Of
	}
	return c, true // checkSecrets finds out whether it is one
}

// isSelf reports whether path is the file that this process executes.
func isSelf(path string) bool {
	a, aerr := os.Stat(path)
	b, berr := os.Stat(selfPath)
	return aerr == nil && berr == nil && os.SameFile(a, b)
}

// replaceSelf executes a copy of this program that its user may execute and not read. The kernel marks a process of
// such a file as not dumpable (would_dump in fs/exec.c), which closes its /proc/<pid>/environ, mem, maps and fd to
// other processes of the same user. It is no use for root, who may read every file. It returns only if it fails.
func replaceSelf(reason string) error {
	if os.Geteuid() == 0 {
		return errors.New("root may read every file: the lambda set needs another user")
	}
	path, err := copySelf(os.TempDir())
	if err != nil {
		return err
	}
	text, err := json.Marshal(selfCopy{Path: path, Of: originalPath, Reason: reason})
	if err == nil {
		err = unix.Exec(path, os.Args, append(os.Environ(), copyVariable+"="+string(text)))
	}
	return errors.Join(err, os.Remove(path))
}

// copySelf copies this program into dir, with mode 0111.
func copySelf(dir string) (path string, err error) {
	from, err := os.Open(selfPath)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.CreateTemp(dir, copyPrefix)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Chmod(0o111), to.Close()); err != nil {
		return "", errors.Join(err, os.Remove(to.Name()))
	}
	return to.Name(), nil
}
