package browser

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed package.json package-lock.json *.mjs
var scriptFiles embed.FS

// installScripts returns a folder with the scripts and their npm packages, and creates it if it is missing. The folder
// is named after the content of the files. It is created under another name and renamed, so that parallel runs are
// safe.
func installScripts(ctx context.Context, root string) (string, error) {
	name, err := hashFiles(scriptFiles)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(root, "build", "browser", name)
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", err
	}
	draft, err := os.MkdirTemp(filepath.Dir(folder), "draft-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(draft)
	if err := installPackages(ctx, draft); err != nil {
		return "", err
	}
	if err := os.Rename(draft, folder); err != nil && !errors.Is(err, fs.ErrExist) { // a parallel run was first
		return "", err
	}
	return folder, nil
}

func hashFiles(files fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))[:12], err
}

func installPackages(ctx context.Context, folder string) error {
	if err := os.CopyFS(folder, scriptFiles); err != nil {
		return err
	}
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = folder
	if text, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci of tests/browser: %w\n%s", err, text)
	}
	return nil
}
