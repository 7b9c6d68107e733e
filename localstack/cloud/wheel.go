package cloud

import (
	"archive/zip"
	"errors"
	"fmt"
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
		text, err := fs.ReadFile(wheel, name)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(found[0]), err)
		}
		// A file beside path is written and renamed, so that a program that runs is not overwritten.
		if err := errors.Join(
			os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path+".part", text, mode),
		); err != nil {
			return err
		}
		if err := os.Rename(path+".part", path); err != nil {
			return err
		}
	}
	return nil
}
