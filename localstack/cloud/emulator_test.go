package cloud

import (
	"io"
	"strings"
	"testing"
)

func TestCLOUDSelectsTheEmulator(t *testing.T) {
	t.Setenv("SLUICE_PORT", "")
	for text, want := range map[string]string{"": "MiniStack", "ministack": "MiniStack", "localstack": "LocalStack"} {
		t.Setenv("CLOUD", text)
		c, err := New(t.TempDir(), io.Discard)
		if err != nil || c.emulator.name != want || c.Port != c.emulator.port {
			t.Errorf("CLOUD=%q: %+v, %v, want %s", text, c, err, want)
		}
	}
	t.Setenv("CLOUD", "LocalSack")
	if _, err := New(t.TempDir(), io.Discard); err == nil || !strings.Contains(
		err.Error(), "say ministack, localstack or endpoint",
	) {
		t.Errorf("an unknown cloud: %v", err)
	}
}

// Both emulators may run at once in one repository.
func TestEmulatorsShareNoPortOrFolder(t *testing.T) {
	t.Parallel()
	a, b := miniStack, localStack
	if a.port == b.port || a.dataDir == b.dataDir || a.venv == b.venv {
		t.Errorf("%+v and %+v", a, b)
	}
}
