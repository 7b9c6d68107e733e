// Package runtimetest opens the runtime of a function for tests.
package runtimetest

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/shared/domain/services"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/telemetry/logs"
)

// New returns the runtime of a service, and its log.
func New(t testing.TB, service string) (runtime.Runtime, *bytes.Buffer) {
	t.Helper()
	s, ok := services.Lookup(service)
	if !ok {
		t.Fatal("no service " + service)
	}
	var out bytes.Buffer
	return runtime.NewFrom(s, logs.New(service, &out), aws.Config{}), &out
}
