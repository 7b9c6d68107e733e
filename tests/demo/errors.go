package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"sluice/tests/client"
)

// unusableFileError says why a file can't be sent.
func unusableFileError(path string, mode fs.FileMode, err error) error {
	const other = "as in make demo VIDEO=film.mp4"
	var cause *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s: name a video, %s", path, other)
	case errors.As(err, &cause):
		return fmt.Errorf("%s can't be read: %w", path, cause.Err)
	case err != nil:
		return fmt.Errorf("%s can't be read: %w", path, err)
	case mode.IsDir():
		return fmt.Errorf("%s is a folder, not a video: name a file, %s", path, other)
	}
	return fmt.Errorf("%s is no regular file: name a video, %s", path, other)
}

func (e *timeoutError) Error() string {
	for _, s := range e.last.buildRows(e.last.Began) {
		if s.state != stateDone {
			return fmt.Sprintf("not ready after %v, the time limit: %s is %s; -timeout sets another", e.limit, s.name,
				s.state)
		}
	}
	return fmt.Sprintf("not ready after %v, the time limit; -timeout sets another", e.limit)
}

// describeError returns the text of an error for the person who runs the demo.
func describeError(err error) string {
	var failed *client.Failure
	switch {
	case errors.As(err, &failed):
		return "failed " + failed.Error()
	case errors.Is(err, errInterrupted):
		return err.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("error: %v: nothing listens there; start the local cloud with make up deploy-local", err)
	}
	return "error: " + err.Error()
}
