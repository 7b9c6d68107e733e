package ffmpeg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// WorkDir is a folder of one job, which other users can't read. It is locked as long as it is used.
type WorkDir struct {
	Path     string
	lockFile *os.File
}

const workDirPrefix = "sluice-job-"

// NewWorkDir creates a folder in parent, which must exist; the caller closes it. First it removes the folders of
// processes that have died, such as a function that ran into its timeout, so that a job never has the files of another
// one.
func NewWorkDir(parent string) (*WorkDir, error) {
	// The parent is locked meanwhile, so that no other process removes the folder before it is locked.
	parentLock, err := lockDir(parent, unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer parentLock.Close()
	if err := removeAbandonedDirs(parent); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, workDirPrefix)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(dir, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &WorkDir{Path: dir, lockFile: lock}, nil
}

// Close removes the folder and all that is in it.
func (j *WorkDir) Close() error { return errors.Join(os.RemoveAll(j.Path), j.lockFile.Close()) }

// removeAbandonedDirs removes the work folders in parent that no process has locked.
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
		lock, inUse := lockDir(dir, unix.LOCK_EX|unix.LOCK_NB) // it also fails for another user's folder
		if inUse == nil {
			err = errors.Join(err, (&WorkDir{Path: dir, lockFile: lock}).Close())
		}
	}
	return err
}

// lockDir locks a folder with flock(2). The lock ends when the file is closed or the process ends, for whatever reason.
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
