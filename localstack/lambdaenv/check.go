package lambdaenv

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

const (
	// ProbeTmp is how large /tmp is for a probe, in MiB.
	ProbeTmp    = 512
	probeMemory = 128 // MiB
)

// ChooseMode returns the mode for functions of a cloud with that state folder. Root, and whoever runs in CI (CI=true),
// gets everything; the launcher fails then where something can't be enforced. Anybody else gets the most that works.
func ChooseMode(launcher, state, home string) (Mode, error) {
	if os.Getuid() == 0 {
		return ModeRoot, nil
	}
	if os.Getenv("CI") == "true" {
		return "", errors.New("CI=true asks for all of Lambda's conditions, which only root can enforce: run as root, or set SLUICE_LAMBDA=off")
	}
	var err error
	for _, mode := range []Mode{ModeUserNamespace, ModeLandlock, ModeFilter} {
		if mode == ModeLandlock && home == "" {
			continue
		}
		if _, err = Probe(launcher, Description{Mode: mode, State: state, Home: home}); err == nil {
			return mode, nil
		}
	}
	return "", err
}

// Prepare makes what functions with that mode and these sizes of /tmp, in MiB, need in the state folder.
func Prepare(mode Mode, state string, sizes ...int) error {
	if err := os.MkdirAll(filepath.Join(state, "root"), 0o755); err != nil {
		return err
	}
	if mode != ModeRoot {
		return nil
	}
	for _, size := range sizes {
		if err := MakeImage(state, size); err != nil {
			return err
		}
	}
	return nil
}

// Probe runs a function that looks around in the conditions of d, whose sizes it sets, and returns what it found.
func Probe(launcher string, d Description) (f Findings, err error) {
	if d.Memory, d.Tmp = probeMemory, ProbeTmp; d.State == "" {
		return f, errors.New("no state folder")
	}
	if err := Prepare(d.Mode, d.State, d.Tmp); err != nil {
		return f, err
	}
	code, err := os.MkdirTemp(d.State, "probe-")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(code), Clean(d.State)) }()
	from, to := filepath.Join(code, "from"), filepath.Join(code, "package")
	if err := os.Mkdir(from, 0o755); err != nil {
		return f, err
	}
	err = errors.Join(os.Chmod(code, 0o755), linkFile(filepath.Join(from, launcherFile), launcher),
		os.WriteFile(filepath.Join(from, probeFile), nil, 0o644))
	if err != nil {
		return f, err
	}
	if err := Pack(to, from, launcher, d); err != nil {
		return f, err
	}
	var out, words bytes.Buffer
	proc := exec.Command(filepath.Join(to, launcherFile))
	// The last three stand for an emulator's own.
	proc.Env = []string{
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(d.Memory), "HOME=" + code, "PYTHONPATH=" + code,
		"SLUICE_CLOUD=" + code,
	}
	proc.Dir, proc.Stdout, proc.Stderr = to, &out, &words
	if err := proc.Run(); err != nil {
		return f, fmt.Errorf("%w: %s", err, bytes.TrimSpace(words.Bytes()))
	}
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		return f, fmt.Errorf("%w: %s%s", err, out.Bytes(), words.Bytes())
	}
	return f, nil
}
