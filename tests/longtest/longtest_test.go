package longtest_test

import (
	"testing"

	"sluice/tests/longtest"
)

func TestSampleIsAPartOfAllCases(t *testing.T) {
	count := func() (n int) {
		for i := range 400 {
			if longtest.InSample(i, 4) {
				n++
			}
		}
		return n
	}
	t.Setenv("SLUICE_LONG_TESTS", "")
	if n := count(); n < 60 || n > 140 || n != count() {
		t.Errorf("%d of 400 cases are in the sample, want about 100, the same each time", n)
	}
	t.Setenv("SLUICE_LONG_TESTS", "1")
	if n := count(); n != 400 {
		t.Errorf("%d of 400 cases are in a full run", n)
	}
}
