package cloud

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindLocalStackPython(t *testing.T) {
	const says = "[ $1 = --version ] && echo Python "
	for _, tt := range []struct {
		name    string
		scripts map[string]string // below a folder; PATH is bin
		want    string            // the end of the path, or a part of the error
	}{
		{"none", nil, "LocalStack needs Python 3.12 or 3.13"},
		{"too old", map[string]string{"bin/python3": says + "3.11.7"}, "LocalStack needs"},
		{"too new", map[string]string{"bin/python3": says + "3.14.0"}, "LocalStack needs"},
		{
			"on PATH", map[string]string{"bin/python3": says + "3.11.7", "bin/python3.12": says + "3.12.1"},
			"bin/python3.12",
		},
		{
			"the newer one", map[string]string{"bin/python3.12": says + "3.12.1", "bin/python3.13": says + "3.13.0"},
			"bin/python3.13",
		},
		{"pyenv's, which PATH only promises", map[string]string{
			"bin/python3.13": "exit 127", "pyenv/versions/3.13.0/bin/python3": says + "3.13.0",
		}, "versions/3.13.0/bin/python3"},
		{"pyenv's, where PATH has its shims", map[string]string{
			"shims/python3.13": "exit 127", "versions/3.13.0/bin/python3": says + "3.13.0",
		}, "versions/3.13.0/bin/python3"},
		{
			"uv's", map[string]string{"uv/cpython-3.12.8-linux-x86_64-gnu/bin/python3": says + "3.12.8"},
			"linux-x86_64-gnu/bin/python3",
		},
		{"without venv", map[string]string{"bin/python3": says + "3.13.0 || exit 1"}, "with its module venv"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, script := range tt.scripts {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(script, "exit") {
					script += " || exit 0"
				}
				writeScript(t, filepath.Join(dir, name), script)
			}
			t.Setenv("PATH", filepath.Join(dir, "bin"))
			t.Setenv("PYENV_ROOT", filepath.Join(dir, "pyenv"))
			if _, asked := tt.scripts["shims/python3.13"]; asked {
				t.Setenv("PATH", filepath.Join(dir, "shims"))
				t.Setenv("PYENV_ROOT", "")
			}
			t.Setenv("UV_PYTHON_INSTALL_DIR", filepath.Join(dir, "uv"))
			got, err := findLocalStackPython(t.Context())
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFindJDK(t *testing.T) {
	for _, tt := range []struct{ name, home, path, want string }{
		{"none", "", "", "JDK 17 or newer"},
		{"too old", "echo javac 11.0.25", "", "JDK 17 or newer"},
		{"JAVA_HOME", "echo javac 21", "echo javac 17.0.15", "/home"},
		{"JAVA_HOME is too old", "echo javac 11.0.25", "echo javac 17.0.15", "/jdk"},
		{"PATH", "", "echo javac 17.0.15", "/jdk"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for folder, script := range map[string]string{"home": tt.home, "jdk": tt.path} {
				if err := os.MkdirAll(filepath.Join(dir, folder, "bin"), 0o755); err != nil {
					t.Fatal(err)
				}
				if script != "" {
					writeScript(t, filepath.Join(dir, folder, "bin", "javac"), script)
				}
			}
			t.Setenv("JAVA_HOME", "")
			if tt.home != "" {
				t.Setenv("JAVA_HOME", filepath.Join(dir, "home"))
			}
			// Distributions put a link on PATH.
			bin := filepath.Join(dir, "bin")
			if err := os.Mkdir(bin, 0o755); err != nil {
				t.Fatal(err)
			}
			if tt.path != "" {
				if err := os.Symlink(
					filepath.Join(dir, "jdk", "bin", "javac"), filepath.Join(bin, "javac"),
				); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", bin)
			got, err := findJDK(t.Context())
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLocalStackRequiresMavenAndX86(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := checkLocalStackNeeds(t.Context()); err == nil || !strings.Contains(err.Error(), "install mvn") {
		t.Errorf("without mvn: %v", err)
	}
	if err := checkArch("arm64"); err == nil || !strings.Contains(err.Error(), "CLOUD=ministack") {
		t.Errorf("on arm64: %v", err)
	}
	if err := checkArch("amd64"); err != nil {
		t.Error(err)
	}
}
