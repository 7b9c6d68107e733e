package cloud

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerifyChecksums(t *testing.T) {
	t.Parallel()
	const a = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" // SHA-256 of "a"
	for _, tt := range []struct {
		name, list string
		files      map[string]string
		want       string // a part of the error
	}{
		{"as pinned", a + "  a.jar\n", map[string]string{"a.jar": "a"}, ""},
		{"another content", a + "  a.jar\n", map[string]string{"a.jar": "b"}, "a.jar is not the file"},
		{"one too many", a + "  a.jar\n", map[string]string{"a.jar": "a", "b.jar": "a"}, "b.jar is not the file"},
		{"one missing", a + "  a.jar\n" + a + "  b.jar\n", map[string]string{"a.jar": "a"}, "missing in"},
		{"a list that is none", "a.jar\n", nil, "no sum and name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			folder, list := filepath.Join(dir, "lib"), filepath.Join(dir, "sha256")
			if err := os.Mkdir(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, text := range tt.files {
				writeFile(t, filepath.Join(folder, name), []byte(text))
			}
			writeFile(t, list, []byte(tt.list))
			err := verifyChecksums(folder, list)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
