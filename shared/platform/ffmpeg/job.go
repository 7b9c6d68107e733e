package ffmpeg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Job is one job's working directory, which nobody else may look into. It is locked while it is in use.
type Job struct {
	Dir  string
	lock *os.File
}

const jobPrefix = "sluice-job-"

// NewJob makes a directory under parent, which must exist; Close it. What processes that died have left there, a
// function that ran into its timeout for example, is removed first, so that no job meets another's files.
func NewJob(parent string) (*Job, error) {
	// The parent is locked meanwhile: nobody sweeps away a directory that is made but not locked yet.
	making, err := lock(parent, unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer making.Close()
	if err := sweep(parent); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, jobPrefix)
	if err != nil {
		return nil, err
	}
	mine, err := lock(dir, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Job{Dir: dir, lock: mine}, nil
}

// Close removes the directory with all that is in it.
func (j *Job) Close() error { return errors.Join(os.RemoveAll(j.Dir), j.lock.Close()) }

func sweep(parent string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(parent, e.Name())
		if !e.IsDir() || !strings.HasPrefix(e.Name(), jobPrefix) {
			continue
		}
		left, inUse := lock(dir, unix.LOCK_EX|unix.LOCK_NB) // or another user's
		if inUse == nil {
			err = errors.Join(err, (&Job{Dir: dir, lock: left}).Close())
		}
	}
	return err
}

// lock locks a directory. The lock goes when the file is closed or the process ends, however it does.
func lock(dir string, how int) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
