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

// Need is something of AWS that not every local cloud does as AWS does.
type Need string

const (
	Authorizers Need = "authorizers of a gateway"
	Signers     Need = "signatures of requests to a gateway"
	Throttles   Need = "throttles of a gateway"
	Validators  Need = "request validators from a template"
	Concurrency Need = "the maximum concurrency of an event source mapping"
	Rights      Need = "rights of roles"
	Alarms      Need = "alarms"
	Rings       Need = "an alarm that looks at once"
	Edge        Need = "functions of a CDN"
	Groups      Need = "several messages of a FIFO group in one batch"
	Deep        Need = "messages that are deeply nested"

	// Cases of conformance suites, by their names there.
	PartSize Need = "a small part before the last"
	Expired  Need = "an expired receipt deletes nothing of a FIFO queue"
)

const (
	ministack  = "ministack"
	localstack = "localstack"
)

// Local are the clouds that a run of all tests is expected on, the default first.
var Local = []string{ministack, localstack}

// lacks says of each need which cloud does not meet it, and why: what a plugin of ours does proves nothing of the cloud.
// A need that neither meets is for tests on AWS.
var lacks = map[Need]map[string]string{
	Authorizers: {localstack: "LocalStack's free edition asks no authorizers; our plugin does"},
	Signers:     {localstack: "LocalStack's free edition does not look who signed; our plugin does"},
	Throttles:   {localstack: "LocalStack's free edition throttles nothing"},
	Validators:  {ministack: "MiniStack's CloudFormation drops them"},
	Concurrency: {localstack: "LocalStack's free edition handles one batch at a time; our plugin more"},
	Rights:      {localstack: "LocalStack's free edition evaluates no policies"},
	Alarms:      {ministack: "MiniStack's alarms ignore dimensions"},
	Rings:       {localstack: "LocalStack looks at an alarm when its periods are over, and ours have minutes"},
	Edge:        {localstack: "LocalStack's free edition has no CDN"},
	Groups:      {ministack: "MiniStack hands out one message of a group at a time"},
	Deep:        {localstack: "LocalStack parses bodies, and lets go of a batch that holds one nested too deep for Python"},
	PartSize:    {ministack: "MiniStack takes it"},
	Expired:     {ministack: "MiniStack deletes then too"},
}

// Chosen returns the name of the cloud that the tests run on, as the environment variable CLOUD says it.
func Chosen() string {
	if name := os.Getenv("CLOUD"); name != "" {
		return name
	}
	return ministack
}

// Needs skips the test if the cloud that it runs on lacks one of what it needs. A cloud that we know nothing of lacks
// nothing: the test will tell.
func Needs(t testing.TB, needs ...Need) {
	t.Helper()
	for _, n := range needs {
		if why := Lacks(Chosen(), n); why != "" {
			t.Skipf("%s: %s", n, why)
		}
	}
}

// Lacks returns why a cloud does not meet a need, or "" if it does.
func Lacks(cloud string, n Need) string { return lacks[n][cloud] }

// Case returns the need that a case of a conformance suite is by its name, if it is one.
func Case(t testing.TB) []Need {
	name := path.Base(t.Name())
	for _, n := range slices.Sorted(maps.Keys(lacks)) {
		if strings.ReplaceAll(string(n), " ", "_") == name {
			return []Need{n}
		}
	}
	return nil
}
