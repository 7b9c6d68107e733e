package ffmpeg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// WorkDir is one job's working directory, which nobody else may look into. It is locked while it is in use.
type WorkDir struct {
	Path     string
	lockFile *os.File
}

const workDirPrefix = "sluice-job-"

// NewWorkDir makes a directory under parent, which must exist; Close it. What processes that died have left there, a
// function that ran into its timeout for example, is removed first, so that no job meets another's files.
func NewWorkDir(parent string) (*WorkDir, error) {
	// The parent is locked meanwhile: nobody sweeps away a directory that is made but not locked yet.
	making, err := lockDir(parent, unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer making.Close()
	if err := removeAbandonedDirs(parent); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, workDirPrefix)
	if err != nil {
		return nil, err
	}
	mine, err := lockDir(dir, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &WorkDir{Path: dir, lockFile: mine}, nil
}

// Close removes the directory with all that is in it.
func (j *WorkDir) Close() error { return errors.Join(os.RemoveAll(j.Path), j.lockFile.Close()) }

func removeAbandonedDirs(parent string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(parent, e.Name())
		if !e.IsDir() || !strings.HasPrefix(e.Name(), workDirPrefix) {
			continue
		}
		left, inUse := lockDir(dir, unix.LOCK_EX|unix.LOCK_NB) // or another user's
		if inUse == nil {
			err = errors.Join(err, (&WorkDir{Path: dir, lockFile: left}).Close())
		}
	}
	return err
}

// lockDir locks a directory. The lock goes when the file is closed or the process ends, however it does.
func lockDir(dir string, how int) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
