package cloud_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/localstack/cloud"
)

func TestFindRootFindsModule(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	inner := filepath.Join(root, "a module", "deep")
	writeTestFile(t, filepath.Join(root, "go.mod"), "module sluice\n\ngo 1.26\n")
	writeTestFile(t, filepath.Join(root, "a module", "go.mod"), "module other\n")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, inner} {
		if got, err := cloud.FindRoot(dir); got != root || err != nil {
			t.Errorf("FindRoot(%s) = %s, %v", dir, got, err)
		}
	}
	if got, err := cloud.FindRoot(t.TempDir()); err == nil {
		t.Errorf("found %s outside any repository", got)
	}
}

func TestPortFromEnvironment(t *testing.T) {
	for text, want := range map[string]int{"": 4566, "4600": 4600, "0": 0, "65536": 0, "x": 0} {
		t.Setenv("SLUICE_PORT", text)
		c, err := cloud.New(t.TempDir(), io.Discard)
		if want == 0 && err == nil || want != 0 && (err != nil || c.Port != want) {
			t.Errorf("SLUICE_PORT=%q: %+v, %v", text, c, err)
		}
	}
}

func TestStepTimeoutFromEnvironment(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 15 * time.Minute, "90s": 90 * time.Second, "0s": 0, "ten": 0} {
		t.Setenv("SLUICE_LIMIT", text)
		c, err := cloud.New(t.TempDir(), io.Discard)
		if want == 0 && err == nil || want != 0 && (err != nil || c.StepTimeout != want) {
			t.Errorf("SLUICE_LIMIT=%q: %+v, %v", text, c, err)
		}
	}
}

// The pins have exact versions and hashes but no host, so that pip, npm and Maven use the registries that the machine
// is configured with.
func TestPinsAreExact(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"requirements.txt", "media-requirements.txt", "botocore-requirements.txt", "executor/requirements.txt",
		"../infra/requirements.txt", "../tests/apicheck/requirements.txt",
	} {
		logical := strings.ReplaceAll(readTestFile(t, filepath.Join("..", name)), "\\\n", "")
		for line := range strings.Lines(logical) {
			if !strings.HasPrefix(line, "#") && (!strings.Contains(line, "==") ||
				!strings.Contains(line, "--hash=sha256:")) {
				t.Errorf("%s: not pinned: %s", name, line)
			}
		}
	}
	for _, name := range []string{"package-lock.json", "../tests/apilint/package-lock.json"} {
		lock := readTestFile(t, filepath.Join("..", name))
		if strings.Count(lock, `"version"`) > strings.Count(lock, `"integrity": "sha512-`) {
			t.Errorf("%s: a version has no hash", name)
		}
	}
	for _, name := range []string{
		"requirements.txt", "media-requirements.txt", "botocore-requirements.txt", "package.json", "package-lock.json",
		"executor/requirements.txt", "executor/dynamodb/pom.xml", "../infra/requirements.txt",
		"../tests/apicheck/requirements.txt", "../tests/apilint/package.json", "../tests/apilint/package-lock.json",
	} {
		if strings.Contains(readTestFile(t, filepath.Join("..", name)), "://") {
			t.Errorf("%s names a host", name)
		}
	}
}

func readTestFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeTestFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
