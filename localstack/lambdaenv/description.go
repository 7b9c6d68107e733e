package lambdaenv

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Mode says how much of Lambda's conditions the launcher enforces. It is chosen once, for all functions of a cloud.
type Mode string

// The modes, the strictest first.
const (
	ModeRoot          Mode = "root"           // everything; the launcher is root
	ModeUserNamespace Mode = "user-namespace" // all but the size of /tmp, the memory and the owner of the code
	ModeLandlock      Mode = "landlock"       // the system call filter, and the home folder is hidden
	ModeFilter        Mode = "filter"         // the system call filter
)

// IsIsolated reports whether functions get a root file system of their own, with /var/task, /opt and /tmp.
func (m Mode) IsIsolated() bool { return m == ModeRoot || m == ModeUserNamespace }

// Description is what the launcher has to know of a function: lambda.json in its package.
type Description struct {
	Mode   Mode   `json:"mode"`
	Memory int    `json:"memory"` // MiB
	Tmp    int    `json:"tmp"`    // MiB
	Tools  string `json:"tools"`  // folder that is /opt/bin; "": there is no layer
	State  string `json:"state"`  // folder of the cloud for images, mount points and the like
	Home   string `json:"home"`   // folder that Landlock hides
}

// Names in a package.
const (
	launcherFile    = "bootstrap"
	descriptionFile = "lambda.json"
	taskDir         = "task"
)

// Pack makes the folder to, a package that runs the function in the folder from under the launcher. Files are linked,
// or copied where they can't be.
func Pack(to, from, launcher string, d Description) error {
	if err := os.MkdirAll(filepath.Join(to, taskDir), 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(to, descriptionFile), text, 0o644); err != nil {
		return err
	}
	if err := linkFile(filepath.Join(to, launcherFile), launcher); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := linkFile(filepath.Join(to, taskDir, f.Name()), filepath.Join(from, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

func linkFile(to, from string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode())
}

// readDescription reads the description of the package in dir, and checks it.
func readDescription(dir string) (d Description, err error) {
	text, err := os.ReadFile(filepath.Join(dir, descriptionFile))
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("%s: %w", descriptionFile, err)
	}
	if d.Memory <= 0 || d.Tmp <= 0 || d.State == "" {
		return d, errors.New(descriptionFile + " lacks memory, tmp or state")
	}
	return d, nil
}
