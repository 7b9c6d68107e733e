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
	// leastBootstrap is the version of the CDK's own resources that its templates ask for
	// (https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html).
	leastBootstrap = 6
	// freshMemory is what a function may have in MiB in every account; a new one may not have more, and no API says so.
	freshMemory = 3008
	// usualConcurrency is what accounts get that ask; a new one may have as little as 10
	// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
	usualConcurrency = 1000
	// forTheGateway is how many invocations should be left for requests when all queues are full.
	forTheGateway = 10
)

// used are the services that every deployment needs in its region, as the public parameters of Systems Manager name
// them. CloudFront and IAM are everywhere. Parameters are read at most ten at a time.
var used = []string{"apigateway", "cloudformation", "dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs", "xray"}

// quota names a quota of an account in a region.
type quota struct{ service, code string }

// increase returns the command that asks for more.
func (q quota) increase(to int, region string) string {
	return fmt.Sprintf("aws service-quotas request-service-quota-increase --service-code %s --quota-code %s --desired-value %d --region %s",
		q.service, q.code, to, region)
}

// needs are what a deployment asks for.
type needs struct {
	concurrency int // workers of all queues together
	rate        int // requests a second through the gateway
}

// invocations returns how many invocations there are when every queue is full.
func (n needs) invocations() int { return n.concurrency + forTheGateway }

// reading is a number that was read from the account, or why it was not.
type reading struct {
	value int
	err   error
}

// account is what was found.
type account struct {
	id, caller, region string

	absent    []string // of used, those that the region lacks
	absentErr error
	bootstrap reading // version; 0 for none
	// invocations at once, of all functions in the region, and requests a second, of all APIs there
	concurrency, rate reading
}

// grade says how grave a verdict is; the gravest is the highest.
type grade int

const (
	good    grade = iota
	unknown       // it could not be read
	low           // it works, but slower than asked for
	missing       // a deployment would fail
)

func (g grade) String() string { return [...]string{"ok", "unknown", "low", "missing"}[g] }

// verdict is what one look says.
type verdict struct {
	grade grade
	what  string
	says  string
	run   string // the command that helps; "" for none
}

// judge compares what a deployment needs with what was found.
func judge(n needs, a account) []verdict {
	return []verdict{region(a), bootstrap(a), concurrency(n, a), rate(n, a), memory()}
}

func worst(verdicts []verdict) grade {
	return slices.MaxFunc(verdicts, func(a, b verdict) int { return cmp.Compare(a.grade, b.grade) }).grade
}

func region(a account) verdict {
	v := verdict{what: "region"}
	switch {
	case a.absentErr != nil:
		v.grade, v.says = unknown, a.absentErr.Error()
	case len(a.absent) == len(used):
		v.grade, v.says = unknown, "AWS does not list the services of "+a.region
	case len(a.absent) > 0:
		v.grade, v.says = missing, fmt.Sprintf("%s has no %s: choose another region", a.region, strings.Join(a.absent, ", no "))
	default:
		v.says = a.region + " has every service that Sluice uses"
	}
	return v
}

func bootstrap(a account) verdict {
	v := verdict{what: "CDK bootstrap", run: fmt.Sprintf("build/node/node_modules/.bin/cdk bootstrap --app '' aws://%s/%s", a.id, a.region)}
	switch {
	case a.bootstrap.err != nil:
		return verdict{what: v.what, grade: unknown, says: a.bootstrap.err.Error()}
	case a.bootstrap.value == 0:
		v.grade, v.says = missing, "the CDK was never set up in this account and region"
	case a.bootstrap.value < leastBootstrap:
		v.grade, v.says = missing, fmt.Sprintf("version %d is there, at least %d is needed", a.bootstrap.value, leastBootstrap)
	default:
		return verdict{what: v.what, says: fmt.Sprintf("version %d", a.bootstrap.value)}
	}
	return v
}

func concurrency(n needs, a account) verdict {
	all, has := n.invocations(), a.concurrency.value
	v := verdict{what: "Lambda concurrency", run: lambdaConcurrency.increase(max(all, usualConcurrency), a.region)}
	needed := fmt.Sprintf("%d invocations at once are needed when all %d queues are full (concurrency=%d) and requests come", all, len(services.Queues()), n.concurrency)
	switch {
	case a.concurrency.err != nil:
		return verdict{what: v.what, grade: unknown, says: a.concurrency.err.Error()}
	case has < all:
		v.grade = low
		v.says = fmt.Sprintf("%s, the account has %d: the rest is turned away and tried again, which counts as an attempt", needed, has)
		if n.concurrency == services.LeastConcurrency() {
			v.says += "; as two for each queue is the least that Lambda takes, that is seldom, and Sluice works, slowly"
		}
	case has < usualConcurrency:
		v.says = fmt.Sprintf("%s, the account has %d; ask for more to encode more at once, then deploy with a higher concurrency", needed, has)
	default:
		v.run, v.says = "", fmt.Sprintf("%s, the account has %d", needed, has)
	}
	if most := has - forTheGateway; n.concurrency < most && v.grade == good {
		v.says += fmt.Sprintf(": -c concurrency=%d would use it", most)
	}
	return v
}

func rate(n needs, a account) verdict {
	v := verdict{what: "API Gateway requests"}
	switch {
	case a.rate.err != nil:
		v.grade, v.says = unknown, a.rate.err.Error()
	case a.rate.value < n.rate:
		v.grade, v.run = low, gatewayRate.increase(n.rate, a.region)
		v.says = fmt.Sprintf("%d a second may come (rate=%d), the account has %d for all its APIs", n.rate, n.rate, a.rate.value)
	default:
		v.says = fmt.Sprintf("%d a second may come, the account has %d", n.rate, a.rate.value)
	}
	return v
}

func memory() verdict {
	most := 0
	for _, s := range services.Map {
		most = max(most, s.Memory)
	}
	v := verdict{what: "Lambda memory", says: fmt.Sprintf("functions have at most %d MiB, which every account allows", most)}
	if most > freshMemory {
		v.grade = unknown
		v.says = fmt.Sprintf("a function has %d MiB; new accounts allow %d, and only AWS Support raises it", most, freshMemory)
	}
	return v
}
