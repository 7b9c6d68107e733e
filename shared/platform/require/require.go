// Package require has the assertions of the test suites of the adapters: storetest, blobtest and queuetest. Each ends
// the test if it does not hold.
package require

import (
	"context"
	"errors"
	"sync"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sluice/shared/domain/errs"
)

// TestingT is the common part of *testing.T and *rapid.T.
type TestingT interface {
	Context() context.Context
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// NoError fails if err is not nil.
func NoError(t TestingT, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Error fails unless err has a kind and, if code is not "", a code.
func Error(t TestingT, err error, kind errs.Kind, code errs.Code) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || (code != "" && e.Code != code) {
		t.Fatalf("got error %v, want %s %s", err, kind, code)
	}
}

// Equal fails unless got equals want. It treats nil and empty alike.
func Equal(t TestingT, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

// Returns returns a function that fails unless it is called with want and no error: the results of a call.
func Returns(t TestingT, want any) func(got any, err error) {
	return func(got any, err error) {
		t.Helper()
		NoError(t, err)
		Equal(t, got, want)
	}
}

// Fails returns a function that fails unless the last of the results of a call is an error as in Error.
func Fails(t TestingT, kind errs.Kind, code errs.Code) func(results ...any) {
	return func(results ...any) {
		t.Helper()
		err, _ := results[len(results)-1].(error)
		Error(t, err, kind, code)
	}
}

// Succeeds returns a function that fails if the last of the results of a call is an error.
func Succeeds(t TestingT) func(results ...any) {
	return func(results ...any) {
		t.Helper()
		err, _ := results[len(results)-1].(error)
		NoError(t, err)
	}
}

// RunConcurrently runs f(0) to f(n-1) at the same time and returns their errors.
func RunConcurrently(n int, f func(i int) error) []error {
	failures := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failures[i] = f(i) })
	}
	all.Wait()
	return failures
}
