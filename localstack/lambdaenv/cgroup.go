package lambdaenv

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cgroupTree is the hierarchy of cgroups that limits memory.
type cgroupTree struct {
	mount   string
	unified bool // version 2
}

// findCgroupTree returns the hierarchy of version 1 if it has the memory controller, else that of version 2.
func findCgroupTree() (cgroupTree, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return cgroupTree{}, err
	}
	defer file.Close()
	var found cgroupTree
	for lines := bufio.NewScanner(file); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if len(fields) < 5 || len(kind) < 3 {
			continue
		}
		switch {
		case kind[0] == "cgroup" && slices.Contains(strings.Split(kind[2], ","), "memory"):
			return cgroupTree{mount: fields[4]}, nil
		case kind[0] == "cgroup2" && hasMemoryController(fields[4]):
			found = cgroupTree{mount: fields[4], unified: true}
		}
	}
	if found.mount == "" {
		return found, errors.New("no cgroup hierarchy with the memory controller is mounted")
	}
	return found, nil
}

func hasMemoryController(mount string) bool {
	text, err := os.ReadFile(filepath.Join(mount, "cgroup.controllers"))
	return err == nil && slices.Contains(strings.Fields(string(text)), "memory")
}

// cloudCgroup returns the cgroup that holds those of the functions of the cloud whose state folder is given.
func (t cgroupTree) cloudCgroup(state string) string {
	sum := sha256.Sum256([]byte(state))
	return filepath.Join(t.mount, "sluice-"+hex.EncodeToString(sum[:4]))
}

// create makes a cgroup for a function of the process pid and limits its memory, in MiB, without any swap.
func (t cgroupTree) create(state string, pid, memory int) (string, error) {
	parent := t.cloudCgroup(state)
	dir := filepath.Join(parent, strconv.Itoa(pid))
	err := t.makeDir(parent, dir)
	for range 10 { // Clean may take the parent away in between
		if !errors.Is(err, os.ErrNotExist) {
			break
		}
		err = t.makeDir(parent, dir)
	}
	if err != nil {
		return "", err
	}
	bytes := strconv.FormatInt(int64(memory)<<20, 10)
	limits, swap := map[string]string{
		"memory.limit_in_bytes": bytes,
	}, map[string]string{"memory.memsw.limit_in_bytes": bytes}
	if t.unified {
		limits, swap = map[string]string{"memory.max": bytes}, map[string]string{"memory.swap.max": "0"}
	}
	for name, value := range limits {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0); err != nil {
			return "", errors.Join(err, os.Remove(dir))
		}
	}
	for name, value := range swap { // a kernel that counts no swap has no such file
		if err := os.WriteFile(
			filepath.Join(dir, name), []byte(value), 0,
		); err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) {
			return "", errors.Join(err, os.Remove(dir))
		}
	}
	return dir, nil
}

func (t cgroupTree) makeDir(parent, dir string) error {
	if t.unified {
		if err := errors.Join(os.MkdirAll(parent, 0o755), enableMemory(t.mount), enableMemory(parent)); err != nil {
			return err
		}
	}
	return os.MkdirAll(dir, 0o755)
}

func enableMemory(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
	if err == nil && slices.Contains(strings.Fields(string(text)), "memory") {
		return nil
	}
	if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+memory"), 0); err != nil {
		return fmt.Errorf("limit memory below %s: %w", dir, err)
	}
	return nil
}
