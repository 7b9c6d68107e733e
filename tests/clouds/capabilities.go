// Package clouds lists which features of AWS each local cloud implements. A test names the capabilities that it needs
// beyond what both clouds have; on a cloud that lacks one, it is skipped with the reason. The command clouds/table
// prints which test ran on which cloud.
package clouds

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"sluice/tests/longtest"
)

// Capability is a feature of AWS that not every local cloud implements as AWS does.
type Capability string

const (
	Authorizers       Capability = "authorizers of a gateway"
	RequestSigning    Capability = "signatures of requests to a gateway"
	Throttling        Capability = "throttles of a gateway"
	RequestValidators Capability = "request validators from a template"
	MaxConcurrency    Capability = "the maximum concurrency of an event source mapping"
	IAMPolicies       Capability = "rights of roles"
	Alarms            Capability = "alarms"
	ImmediateAlarms   Capability = "an alarm that looks at once"
	CDNFunctions      Capability = "functions of a CDN"
	FIFOBatches       Capability = "several messages of a FIFO group in one batch"
	DeepNesting       Capability = "messages that are deeply nested"

	// Cases of the conformance suites, by their names there.
	SmallParts      Capability = "a small part before the last"
	ExpiredReceipts Capability = "an expired receipt deletes nothing of a FIFO queue"
)

const (
	ministack  = "ministack"
	localstack = "localstack"
)

// LocalClouds are the clouds on which all tests are expected to run, the default first.
var LocalClouds = []string{ministack, localstack}

// missingCapabilities has, for each capability, the clouds without it and the reasons. A feature that is emulated by
// our own plugin counts as missing, because it proves nothing about the cloud. A capability that both clouds lack is
// for tests on AWS.
var missingCapabilities = map[Capability]map[string]string{
	Authorizers:       {localstack: "LocalStack's free edition asks no authorizers; our plugin does"},
	RequestSigning:    {localstack: "LocalStack's free edition does not look who signed; our plugin does"},
	Throttling:        {localstack: "LocalStack's free edition throttles nothing"},
	RequestValidators: {ministack: "MiniStack's CloudFormation drops them"},
	MaxConcurrency:    {localstack: "LocalStack's free edition handles one batch at a time; our plugin more"},
	IAMPolicies:       {localstack: "LocalStack's free edition evaluates no policies"},
	Alarms:            {ministack: "MiniStack's alarms ignore dimensions"},
	ImmediateAlarms:   {localstack: "LocalStack looks at an alarm when its periods are over, and ours have minutes"},
	CDNFunctions:      {localstack: "LocalStack's free edition has no CDN"},
	FIFOBatches:       {ministack: "MiniStack hands out one message of a group at a time"},
	DeepNesting: {
		localstack: "LocalStack parses bodies, and lets go of a batch that holds one nested too deep for Python",
	},
	SmallParts:      {ministack: "MiniStack takes it"},
	ExpiredReceipts: {ministack: "MiniStack deletes then too"},
}

// CurrentCloud returns the name of the cloud that the tests run on, from the environment variable CLOUD.
func CurrentCloud() string {
	if name := os.Getenv("CLOUD"); name != "" {
		return name
	}
	return ministack
}

// RequireCapabilities skips the test if the current cloud lacks one of the capabilities. An unknown cloud is assumed to
// have all.
func RequireCapabilities(t testing.TB, needs ...Capability) {
	t.Helper()
	for _, n := range needs {
		if why := MissingReason(CurrentCloud(), n); why != "" {
			t.Skipf("%s: %s", n, why)
		}
	}
}

// OneCloudReason is why SkipOnSecondCloud skips a test.
const OneCloudReason = "runs on MiniStack alone; make test-long runs it on LocalStack too"

// SkipOnSecondCloud skips a test on LocalStack, except in `make test-long`. It is for tests that take long and whose
// result depends little on the cloud, such as the decoding of published video.
func SkipOnSecondCloud(t testing.TB) {
	t.Helper()
	if CurrentCloud() == localstack && !longtest.Enabled() {
		t.Skipf("%s", OneCloudReason)
	}
}

// MissingReason returns why a cloud lacks a capability, or "" if it has it.
func MissingReason(cloud string, n Capability) string { return missingCapabilities[n][cloud] }

// CaseCapabilities returns the capability that a case of a conformance suite needs, found by the name of the case.
func CaseCapabilities(t testing.TB) []Capability {
	name := path.Base(t.Name())
	for _, n := range slices.Sorted(maps.Keys(missingCapabilities)) {
		if strings.ReplaceAll(string(n), " ", "_") == name {
			return []Capability{n}
		}
	}
	return nil
}
