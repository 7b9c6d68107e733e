//go:build integration

// Package requests checks what the functions have sent to AWS's services while the end-to-end tests ran, so it has to
// run after them.
package requests

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"sluice/localstack/cloud"
	"sluice/shared/domain/services"
	"sluice/tests/awsmodel"
	"sluice/tests/clouds"
)

// readRecords returns the requests that the local cloud has recorded. It skips the test if it does not record.
func readRecords(t *testing.T) []awsmodel.Record {
	t.Helper()
	root, err := cloud.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	env, err := cloud.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	all, err := awsmodel.ReadRecords(env.Requests)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the local cloud was started without SLUICE_RECORD=1: it records no requests")
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFunctionRequestsMatchServiceModels checks each request of each function.
func TestFunctionRequestsMatchServiceModels(t *testing.T) {
	models := awsmodel.RequireModels(t)
	count, found := map[string]int{}, map[string]int{}
	for _, r := range readRecords(t) {
		operation, violations := models.Check(r.Request)
		count[r.Service+" "+operation.String()]++
		for _, v := range violations {
			found[r.Service+": "+v.String()]++
		}
	}
	for _, v := range slices.Sorted(maps.Keys(found)) {
		t.Errorf("%d requests of %s", found[v], v)
	}
	for _, operation := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%6d %s", count[operation], operation)
	}
}

// TestPromise10_EachCallIsGrantedAndEachGrantIsUsed compares the IAM actions of the requests with those that the
// service map grants: a call that no grant covers fails on AWS, and a grant without a call is too much, or its call has
// escaped the checks.
func TestPromise10_EachCallIsGrantedAndEachGrantIsUsed(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	models := awsmodel.RequireModels(t)
	used := map[string]map[string]bool{}
	for _, r := range readRecords(t) {
		if used[r.Service] == nil {
			used[r.Service] = map[string]bool{}
		}
		operation, _ := models.Check(r.Request)
		for _, action := range awsmodel.IAMActions(operation, r.Request) {
			used[r.Service][action] = true
		}
	}
	for _, s := range services.Map {
		granted := listGrants(s)
		for _, action := range slices.Sorted(maps.Keys(used[s.Name])) {
			if !granted[action] {
				t.Errorf("%s calls %s, which the service map does not grant", s.Name, action)
			}
		}
		for _, action := range slices.Sorted(maps.Keys(granted)) {
			if !used[s.Name][action] && grantsWithoutCall[s.Name+" "+action] == "" {
				t.Errorf("%s may call %s and did not", s.Name, action)
			}
		}
	}
}

// failingBatches is why services that take messages in batches have no call: they postpone a message only after a
// failure, and no test makes their calls fail. Package queue's tests check that request.
const failingBatches = "it postpones messages after a failure only"

// withCDN is why reconcile calls CloudFront only on AWS: a local deployment has no CDN. Package cdn's tests check these
// requests.
const withCDN = "only a deployment with a CDN has something to call"

// grantsWithoutCall has, by service and action, why a grant has no call in the tests.
var grantsWithoutCall = map[string]string{
	"api sqs:ChangeMessageVisibility":                          failingBatches,
	"publish sqs:ChangeMessageVisibility":                      failingBatches,
	"reconcile cloudfront-keyvaluestore:DescribeKeyValueStore": withCDN,
	"reconcile cloudfront-keyvaluestore:UpdateKeys":            withCDN,
	"reconcile cloudfront:CreateInvalidation":                  withCDN,
	"reconcile cloudfront:GetInvalidation":                     withCDN,
	"remux s3:AbortMultipartUpload":                            "it aborts the upload of a copy that failed; its own tests make one fail",
	"fetch kms:Decrypt":                                        "S3 calls KMS for it, to decrypt a producer's object",
}

// listGrants returns the IAM actions that a service's own calls may need. Lambda uses the other rights of a role that
// consumes a queue.
func listGrants(s services.Service) map[string]bool {
	all := map[string]bool{}
	for _, p := range s.Permissions {
		actions, _ := p.IAMActions()
		for _, a := range actions {
			// Where a service only reads objects, it is there so that S3 answers 404 for one that is missing.
			if isLister := p.Action == services.DeleteObjects; a != "s3:ListBucket" || isLister {
				all[a] = true
			}
		}
	}
	for _, to := range s.Destinations() {
		if to == services.Topic {
			all["sns:Publish"] = true
		} else {
			all["sqs:SendMessage"] = true
		}
	}
	if s.Inbox != nil {
		all["sqs:ChangeMessageVisibility"], all["sqs:SendMessage"] = true, true
	}
	return all
}

// TestRecordsAreOfFunctions checks that recording works: that each service which calls AWS has records.
func TestRecordsAreOfFunctions(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range readRecords(t) {
		seen[r.Service] = true
		if _, ok := services.Lookup(r.Service); !ok {
			t.Errorf("a request is of %q: %s", r.Service, r.Request.Header.Get("User-Agent"))
		}
	}
	for _, s := range services.Map {
		if !seen[s.Name] && s.Permissions != nil {
			t.Errorf("no request of %s is recorded of %s", s.Name, strings.Join(slices.Sorted(maps.Keys(seen)), ", "))
		}
	}
}
