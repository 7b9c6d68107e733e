package main

import (
	"slices"
	"strings"
	"testing"
)

// runPreflight returns the exit status, stdout and stderr.
func runPreflight(t *testing.T, args ...string) (int, string, string) {
	var out, errs strings.Builder
	status := run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestPreflightPassesForACompleteAccount(t *testing.T) {
	a := newFakeAWS(t)
	status, out, errs := runPreflight(t)
	if status != 0 || errs != "" {
		t.Fatalf("status %d: %s", status, errs)
	}
	for _, want := range []string{
		"account 123456789012, eu-west-1, as arn:aws:iam::123456789012:user/ann", "version 28", "the account has 1000",
		"the account has 10000", "Sluice can be deployed here.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	want := []string{
		"GetCallerIdentity", "GetParameters", "GetParameters", "GetAccountSettings", "GetServiceQuota",
		"GetAWSDefaultServiceQuota", "GetAccount", "ListDistributions", "GetTraceSegmentDestination",
	}
	if !slices.Equal(a.operations, want) {
		t.Errorf("asked %v", a.operations)
	}
}

func TestPreflightReportsMissingAndLow(t *testing.T) {
	a := newFakeAWS(t)
	delete(a.parameters, bootstrapVersion)
	a.concurrency, a.indexedSpans = 10, 1
	a.accountQuotas = map[string]float64{"apigateway L-8A5B8E43": 100}
	status, out, _ := runPreflight(t, "-c", "concurrency=500", "-c", "arch=arm64")
	if status != 1 {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{
		"missing  CDK bootstrap", "cdk bootstrap --app '' aws://123456789012/eu-west-1", "low      Lambda concurrency",
		"concurrency=500", "request-service-quota-increase --service-code lambda", "low      Transaction Search",
		"low      API Gateway requests", "the account has 100", "indexes 1 %", "cannot be deployed",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestPreflightReportsALogRoleThatADeploymentWouldReplace(t *testing.T) {
	newFakeAWS(t).logRole = "arn:aws:iam::123456789012:role/api-logs"
	status, out, _ := runPreflight(t)
	if status != 1 || !strings.Contains(out, "conflict API Gateway log role") {
		t.Errorf("status %d\n%s", status, out)
	}
	if status, out, _ := runPreflight(t, "-c", "gateway_log_role=existing"); status != 0 ||
		!strings.Contains(out, "Sluice can be deployed here.") {
		t.Errorf("with the setting: status %d\n%s", status, out)
	}
}

func TestPreflightNamesTheSettingWithoutCloudFront(t *testing.T) {
	newFakeAWS(t).noDistribution = true
	status, out, _ := runPreflight(t)
	if status != 0 || !strings.Contains(out, "unknown  CloudFront") || !strings.Contains(out, "-c cdn=false") {
		t.Errorf("status %d\n%s", status, out)
	}
	if status, out, _ := runPreflight(t, "-c", "cdn=false"); status != 0 ||
		!strings.Contains(out, "Sluice can be deployed here.") {
		t.Errorf("with the setting: status %d\n%s", status, out)
	}
}

func TestPreflightReportsUnreadableAsUnknown(t *testing.T) {
	for _, op := range []string{
		"GetParameters", "GetServiceQuota", "GetAWSDefaultServiceQuota", "GetAccount", "GetAccountSettings",
		"GetTraceSegmentDestination", "GetIndexingRules",
	} {
		t.Run(op, func(t *testing.T) {
			a := newFakeAWS(t)
			a.deniedOperation, a.indexedSpans = op, 100
			status, out, _ := runPreflight(t)
			if status != 0 || !strings.Contains(out, "unknown  ") ||
				!strings.Contains(out, "AccessDeniedException: not authorized to perform "+op) {
				t.Errorf("status %d\n%s", status, out)
			}
		})
	}
}

func TestPreflightFailsWithoutCredentialsOrRegion(t *testing.T) {
	tests := []struct {
		name string
		set  func(*testing.T)
		want string
	}{
		{"no credentials", func(t *testing.T) {
			clearCredentials(t)
			t.Setenv("AWS_REGION", "eu-west-1")
		}, "there are no AWS credentials"},
		{"no region", func(t *testing.T) {
			clearCredentials(t)
			t.Setenv("AWS_ACCESS_KEY_ID", "k")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
		}, "no AWS region is set"},
		{"a profile that is not there", func(t *testing.T) {
			clearCredentials(t)
			t.Setenv("AWS_PROFILE", "gone")
		}, "there are no AWS credentials"},
		{"expired credentials", func(t *testing.T) {
			newFakeAWS(t).deniedOperation = "GetCallerIdentity"
		}, "ExpiredToken: The security token is expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.set(t)
			if status, out, errs := runPreflight(t); status != 1 || out != "" || !strings.Contains(errs, tt.want) {
				t.Errorf("status %d, %q, %q", status, out, errs)
			}
		})
	}
}

func TestPreflightFlags(t *testing.T) {
	clearCredentials(t)
	tests := []struct {
		args   []string
		status int
		errs   string
	}{
		{[]string{"--help"}, 0, "usage: preflight"},
		{[]string{"-c", "concurrency=many"}, 2, "many"},
		{[]string{"now"}, 2, `no argument "now"`},
	}
	for _, tt := range tests {
		if status, _, errs := runPreflight(t, tt.args...); status != tt.status || !strings.Contains(errs, tt.errs) {
			t.Errorf("%v: status %d, %s", tt.args, status, errs)
		}
	}
}
