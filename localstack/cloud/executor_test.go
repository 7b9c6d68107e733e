package cloud

import (
	"os/exec"
	"testing"
)

// The executor's tests need no LocalStack.
func TestExecutorPythonTests(t *testing.T) {
	t.Parallel()
	python, err := findLocalStackPython(t.Context())
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", "-m", "unittest", "discover", "-s", "tests", "-t", ".")
	cmd.Dir = "../executor"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
