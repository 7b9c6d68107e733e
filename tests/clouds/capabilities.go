// Package clouds says what each local cloud can prove. A test says what it needs beyond what both do; on a cloud that
// lacks it, it is skipped with the reason. The command beside it, table, says in the end what ran where.
package clouds

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// Capability is something of AWS that not every local cloud does as AWS does.
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

	// Cases of conformance suites, by their names there.
	SmallParts      Capability = "a small part before the last"
	ExpiredReceipts Capability = "an expired receipt deletes nothing of a FIFO queue"
)

const (
	ministack  = "ministack"
	localstack = "localstack"
)

// LocalClouds are the clouds that a run of all tests is expected on, the default first.
var LocalClouds = []string{ministack, localstack}

// missingCapabilities says of each need which cloud does not meet it, and why: what a plugin of ours does proves nothing of the cloud.
// A need that neither meets is for tests on AWS.
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
	DeepNesting:       {localstack: "LocalStack parses bodies, and lets go of a batch that holds one nested too deep for Python"},
	SmallParts:        {ministack: "MiniStack takes it"},
	ExpiredReceipts:   {ministack: "MiniStack deletes then too"},
}

// CurrentCloud returns the name of the cloud that the tests run on, as the environment variable CLOUD says it.
func CurrentCloud() string {
	if name := os.Getenv("CLOUD"); name != "" {
		return name
	}
	return ministack
}

// RequireCapabilities skips the test if the cloud that it runs on lacks one of what it needs. A cloud that we know nothing of lacks
// nothing: the test will tell.
func RequireCapabilities(t testing.TB, needs ...Capability) {
	t.Helper()
	for _, n := range needs {
		if why := MissingReason(CurrentCloud(), n); why != "" {
			t.Skipf("%s: %s", n, why)
		}
	}
}

// MissingReason returns why a cloud does not meet a need, or "" if it does.
func MissingReason(cloud string, n Capability) string { return missingCapabilities[n][cloud] }

// CaseCapabilities returns the need that a case of a conformance suite is by its name, if it is one.
func CaseCapabilities(t testing.TB) []Capability {
	name := path.Base(t.Name())
	for _, n := range slices.Sorted(maps.Keys(missingCapabilities)) {
		if strings.ReplaceAll(string(n), " ", "_") == name {
			return []Capability{n}
		}
	}
	return nil
}
