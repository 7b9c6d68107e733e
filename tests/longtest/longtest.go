// Package longtest separates the tests of `make test` from those of `make test-long`. `make test` runs a seeded sample
// of tests that try every case, and the tests of a second local cloud whose result depends on the cloud. `make
// test-long` sets SLUICE_LONG_TESTS and runs everything. CI runs `make test`.
package longtest

import (
	"math/rand/v2"
	"os"
)

// Enabled reports whether all cases are to run.
func Enabled() bool { return os.Getenv("SLUICE_LONG_TESTS") != "" }

// InSample reports whether case i of an exhaustive test is to run: always if Enabled, else for about one in n cases.
// The sample is the same in each run.
func InSample(i, n int) bool {
	return Enabled() || rand.New(rand.NewPCG(1, uint64(i))).IntN(n) == 0
}
