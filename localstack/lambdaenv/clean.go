package lambdaenv

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
)

// Clean removes what functions of the cloud with that state folder left behind that were ended by SIGKILL: their
// cgroups and temporary folders. What belongs to a process that lives stays.
func Clean(state string) error {
	err := removeOfDead(filepath.Join(state, "tmp"), os.RemoveAll)
	tree, terr := findCgroupTree()
	if terr != nil {
		return err // so that there is nothing of ours in it
	}
	cgroup := tree.cloudCgroup(state)
	err = errors.Join(err, removeOfDead(cgroup, os.Remove))
	_ = os.Remove(cgroup) // fails as long as there is a function
	return err
}

// removeOfDead removes the entries of dir that are named by a process that is no more.
func removeOfDead(dir string, remove func(string) error) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if _, nerr := strconv.Atoi(e.Name()); nerr != nil {
			continue
		}
		if _, serr := os.Stat(filepath.Join("/proc", e.Name())); errors.Is(serr, os.ErrNotExist) {
			if rerr := remove(filepath.Join(dir, e.Name())); !errors.Is(rerr, os.ErrNotExist) {
				err = errors.Join(err, rerr)
			}
		}
	}
	return err
}
