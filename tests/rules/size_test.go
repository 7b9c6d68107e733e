package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// maxFunctionBytes is the limit of a function's executable. Lambda loads all of it in a cold start.
const maxFunctionBytes = 20_000_000

// TestFunctionBinariesAreSmall builds every function. A function grows by half if it calls methods by names that are
// known only at run time, as templates do: the linker then keeps all methods of all types, including every operation of
// the AWS SDK's clients. "<ReflectMethod>" in the output of go build -ldflags=-dumpdep shows the cause.
func TestFunctionBinariesAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("links every function")
	}
	if out, err := exec.CommandContext(
		t.Context(), "make", "-C", "../..", "build-"+runtime.GOARCH,
	).CombinedOutput(); err != nil {
		t.Fatalf("make: %v\n%s", err, out)
	}
	mains, err := filepath.Glob("../../functions/*/bootstrap/main.go")
	if err != nil || len(mains) < 10 {
		t.Fatalf("%d functions: %v", len(mains), err)
	}
	for _, file := range mains {
		name := filepath.Base(filepath.Dir(filepath.Dir(file)))
		info, err := os.Stat(filepath.Join("../../build", runtime.GOARCH, name, "bootstrap"))
		if err != nil {
			t.Error(err)
		} else if info.Size() > maxFunctionBytes {
			t.Errorf("%s has %d bytes, more than %d", name, info.Size(), maxFunctionBytes)
		}
	}
}
