package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sluice/shared/domain/services"
)

// Quotas that Sluice can run into, by the codes that Service Quotas has for them:
// https://docs.aws.amazon.com/general/latest/gr/lambda-service.html,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
var (
	lambdaConcurrency = quota{"lambda", "L-B99A9384"}
	gatewayRate       = quota{"apigateway", "L-8A5B8E43"}
)

const (
	// minBootstrapVersion is the version of the CDK's own resources that its templates require
	// (https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html).
	minBootstrapVersion = 6
	// newAccountMemory is the memory in MiB that a function can have in every account. New accounts may not allow more,
	// and no API tells.
	newAccountMemory = 3008
	// typicalConcurrency is what accounts get that ask; a new one may have as few as 10
	// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
	typicalConcurrency = 1000
	// gatewayReserve is how many invocations should be left for HTTP requests when all queues are full.
	gatewayReserve = 10
)

// requiredServices are the services that a deployment needs in its region, as the public parameters of Systems Manager
// name them. CloudFront and IAM are global. At most ten parameters can be read at a time.
var requiredServices = []string{
	"apigateway", "cloudformation", "dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "xray",
}

// quota is a quota of an account in a region, by its codes in Service Quotas.
type quota struct{ service, code string }

// increaseCommand returns the command that requests a higher quota.
func (q quota) increaseCommand(to int, region string) string {
	return fmt.Sprintf(
		"aws service-quotas request-service-quota-increase --service-code %s --quota-code %s --desired-value %d --region %s",
		q.service, q.code, to, region,
	)
}

// requirements are what a deployment needs of its account.
type requirements struct {
	concurrency int  // workers of all queues together
	rate        int  // requests a second through the gateway
	noCDN       bool // CloudFront is left out (cdn=false)
	keepLogRole bool // the account's role for API Gateway's logs stays (gateway_log_role=existing)
}

// maxInvocations returns how many invocations run at once when every queue is full.
func (r requirements) maxInvocations() int { return r.concurrency + gatewayReserve }

// accountValue is a number read from the account, or the error of reading it.
type accountValue struct {
	value int
	err   error
}

// account is what was read from the account and its region.
type account struct {
	id, caller, region string

	missingServices    []string // those of requiredServices that the region lacks
	missingServicesErr error
	bootstrap          accountValue // its version; 0: there is none
	// invocations at once of all functions without reserved ones, and requests a second to all APIs, in the region
	concurrency, rate accountValue
	// ARN of the role with which API Gateway writes logs in the region; "": none
	logRole          string
	logRoleErr       error
	distributions    int // of CloudFront; 1 stands for any number
	distributionsErr error
	indexedSpans     float64 // percentage of the spans that X-Ray can search in the region
	indexedSpansErr  error
}

// severity says how bad a finding is; a higher value is worse.
type severity int

const (
	severityOK       severity = iota
	severityUnknown           // it could not be read
	severityLow               // Sluice works, but slower than the settings ask for, or shows less
	severityConflict          // a deployment would replace what others use
	severityMissing           // a deployment would fail
)

func (s severity) String() string {
	return [...]string{"ok", "unknown", "low", "conflict", "missing"}[s]
}

// finding is the result of one check.
type finding struct {
	severity severity
	subject  string
	message  string
	command  string // the command that fixes it; "": none
}

// checkAccount compares what a deployment needs with what the account has.
func checkAccount(r requirements, a account) []finding {
	return []finding{
		checkRegion(a), checkBootstrap(a), checkConcurrency(r, a), checkRate(r, a), checkMemory(), checkLogRole(r, a),
		checkCloudFront(r, a), checkTransactionSearch(a),
	}
}

func worstSeverity(findings []finding) severity {
	return slices.MaxFunc(findings, func(a, b finding) int { return cmp.Compare(a.severity, b.severity) }).severity
}

func checkRegion(a account) finding {
	f := finding{subject: "region"}
	switch {
	case a.missingServicesErr != nil:
		f.severity, f.message = severityUnknown, a.missingServicesErr.Error()
	case len(a.missingServices) == len(requiredServices):
		f.severity, f.message = severityUnknown, "AWS does not list the services of "+a.region
	case len(a.missingServices) > 0:
		f.severity, f.message = severityMissing, fmt.Sprintf("%s has no %s: choose another region", a.region,
			strings.Join(a.missingServices, ", no "))
	default:
		f.message = a.region + " has every service that Sluice uses"
	}
	return f
}

func checkBootstrap(a account) finding {
	f := finding{
		subject: "CDK bootstrap",
		command: fmt.Sprintf("build/node/node_modules/.bin/cdk bootstrap --app '' aws://%s/%s", a.id, a.region),
	}
	switch {
	case a.bootstrap.err != nil:
		return finding{subject: f.subject, severity: severityUnknown, message: a.bootstrap.err.Error()}
	case a.bootstrap.value == 0:
		f.severity, f.message = severityMissing, "the CDK was never set up in this account and region"
	case a.bootstrap.value < minBootstrapVersion:
		f.severity, f.message = severityMissing, fmt.Sprintf("version %d is there, at least %d is needed",
			a.bootstrap.value, minBootstrapVersion)
	default:
		return finding{subject: f.subject, message: fmt.Sprintf("version %d", a.bootstrap.value)}
	}
	return f
}

func checkRate(r requirements, a account) finding {
	f := finding{subject: "API Gateway requests"}
	switch {
	case a.rate.err != nil:
		f.severity, f.message = severityUnknown, a.rate.err.Error()
	case a.rate.value < r.rate:
		f.severity, f.command = severityLow, gatewayRate.increaseCommand(r.rate, a.region)
		f.message = fmt.Sprintf("the gateway lets through %d a second (rate=%d), the account has %d for all its APIs",
			r.rate, r.rate, a.rate.value)
	default:
		f.message = fmt.Sprintf("the gateway lets through %d a second, the account has %d", r.rate, a.rate.value)
	}
	return f
}

func checkMemory() finding {
	most := 0
	for _, s := range services.Map {
		most = max(most, s.Memory)
	}
	f := finding{
		subject: "Lambda memory",
		message: fmt.Sprintf("functions have at most %d MiB, which every account allows", most),
	}
	if most > newAccountMemory {
		f.severity = severityUnknown
		f.message = fmt.Sprintf("a function has %d MiB; new accounts allow %d, and only AWS Support raises it", most,
			newAccountMemory)
	}
	return f
}
