package main

import (
	"errors"
	"strings"
	"testing"

	"sluice/shared/domain/services"
)

// freshAccount is a new account in which `cdk bootstrap` has run.
func freshAccount() account {
	return account{
		id: "123456789012", region: "eu-west-1", caller: "arn:aws:iam::123456789012:user/ann",
		bootstrap: accountValue{value: 28}, concurrency: accountValue{value: 10}, rate: accountValue{value: 10_000},
		indexedSpans: allSpans,
	}
}

// standardRequirements are those of a deployment without settings.
var standardRequirements = requirements{concurrency: services.MinConcurrency(), rate: 200}

func TestCheckAccount(t *testing.T) {
	t.Parallel()
	all := standardRequirements.maxInvocations()
	tests := []struct {
		name   string
		change func(*account)
		needs  requirements
		what   string
		grade  severity
		says   string // a part of it
		run    string // a part of the command; "" for none
	}{
		{
			"a region with all services", func(*account) {}, standardRequirements, "region", severityOK,
			"eu-west-1 has every", "",
		},
		{"a region without X-Ray", func(a *account) {
			a.missingServices = []string{"xray"}
		}, standardRequirements, "region", severityMissing, "no xray", ""},
		{"a region that AWS does not list", func(a *account) {
			a.missingServices = requiredServices
		}, standardRequirements, "region", severityUnknown, "does not list", ""},
		{"regions may not be read", func(a *account) {
			a.missingServicesErr = errors.New("denied")
		}, standardRequirements, "region", severityUnknown, "denied", ""},
		{"bootstrapped", func(*account) {}, standardRequirements, "CDK bootstrap", severityOK, "version 28", ""},
		{"bootstrapped just new enough", func(a *account) {
			a.bootstrap.value = 6
		}, standardRequirements, "CDK bootstrap", severityOK, "version 6", ""},
		{"bootstrapped long ago", func(a *account) {
			a.bootstrap.value = 5
		}, standardRequirements, "CDK bootstrap", severityMissing, "version 5 is there",
			"bootstrap --app '' aws://123456789012/eu-west-1"},
		{"never bootstrapped", func(a *account) {
			a.bootstrap.value = 0
		}, standardRequirements, "CDK bootstrap", severityMissing, "never set up", "aws://123456789012/eu-west-1"},
		{"bootstrap may not be read", func(a *account) {
			a.bootstrap.err = errors.New("denied")
		}, standardRequirements, "CDK bootstrap", severityUnknown, "denied", ""},
		{
			"a new account", func(*account) {}, standardRequirements, "Lambda concurrency", severityLow,
			"the account has 10 unreserved: too few", "--desired-value 1000",
		},
		{"one invocation short", func(a *account) {
			a.concurrency.value = all - 1
		}, standardRequirements, "Lambda concurrency", severityLow, "too few for the queues and the API",
			"--service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region eu-west-1"},
		{"just enough invocations", func(a *account) {
			a.concurrency.value = all
		}, standardRequirements, "Lambda concurrency", severityOK, "ask for more", "--desired-value 1000"},
		{"the usual invocations", func(a *account) {
			a.concurrency.value = 1000
		}, standardRequirements, "Lambda concurrency", severityOK,
			"the account has 1000 unreserved: -c concurrency=990", ""},
		{"a large deployment", func(a *account) {
			a.concurrency.value = 1000
		}, requirements{concurrency: 991}, "Lambda concurrency", severityLow, "Set -c concurrency=990",
			"--desired-value 1001"},
		{"a deployment that uses all", func(a *account) {
			a.concurrency.value = 1000
		}, requirements{concurrency: 990}, "Lambda concurrency", severityOK, "the account has 1000", ""},
		{"concurrency may not be read", func(a *account) {
			a.concurrency.err = errors.New("denied")
		}, standardRequirements, "Lambda concurrency", severityUnknown, "denied", ""},
		{"enough requests", func(a *account) {
			a.rate.value = 200
		}, standardRequirements, "API Gateway requests", severityOK, "the account has 200", ""},
		{"too few requests", func(a *account) {
			a.rate.value = 199
		}, standardRequirements, "API Gateway requests", severityLow, "the account has 199",
			"--service-code apigateway --quota-code L-8A5B8E43 --desired-value 200 --region eu-west-1"},
		{"requests may not be read", func(a *account) {
			a.rate.err = errors.New("denied")
		}, standardRequirements, "API Gateway requests", severityUnknown, "denied", ""},
		{
			"no role for logs", func(*account) {}, standardRequirements, "API Gateway log role", severityOK,
			"the deployment makes one", "",
		},
		{"a role of others for logs", func(a *account) {
			a.logRole = "arn:aws:iam::123456789012:role/ops/api-logs"
		}, standardRequirements, "API Gateway log role", severityConflict,
			"replace arn:aws:iam::123456789012:role/ops/api-logs", ""},
		{"a role of others, which is kept", func(a *account) {
			a.logRole = "arn:aws:iam::123456789012:role/api-logs"
		}, requirements{keepLogRole: true}, "API Gateway log role", severityOK, "stays", ""},
		{"the role of an earlier deployment", func(a *account) {
			a.logRole = "arn:aws:iam::123456789012:role/Sluice-GatewayApiCloudWatchRole0A1B2C3D-x4y5"
		}, standardRequirements, "API Gateway log role", severityOK, "made by a deployment", ""},
		{"the role of another deployment of Sluice", func(a *account) {
			a.logRole = "arn:aws:iam::123456789012:role/Sluice-staging-GatewayApiCloudWatchRole0A1B2C3D-x4y5"
		}, standardRequirements, "API Gateway log role", severityOK, "made by a deployment", ""},
		{
			"no role to keep", func(*account) {}, requirements{keepLogRole: true}, "API Gateway log role",
			severityMissing, "leave that setting out", "",
		},
		{"the role may not be read", func(a *account) {
			a.logRoleErr = errors.New("denied")
		}, standardRequirements, "API Gateway log role", severityUnknown, "denied", ""},
		{
			"traces in X-Ray", func(*account) {}, standardRequirements, "Transaction Search", severityOK,
			"every span", "",
		},
		{"traces in Transaction Search", func(a *account) {
			a.indexedSpans = 1
		}, standardRequirements, "Transaction Search", severityLow, "indexes 1 % of the spans",
			"update-indexing-rule --name Default"},
		{"Transaction Search that indexes all", func(a *account) {
			a.indexedSpans = 100
		}, standardRequirements, "Transaction Search", severityOK, "every span", ""},
		{"Transaction Search may not be read", func(a *account) {
			a.indexedSpansErr = errors.New("denied")
		}, standardRequirements, "Transaction Search", severityUnknown, "denied", ""},
		{"memory", func(*account) {}, standardRequirements, "Lambda memory", severityOK, "3008 MiB", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := freshAccount()
			tt.change(&a)
			f := findByName(t, checkAccount(tt.needs, a), tt.what)
			if f.severity != tt.grade || !strings.Contains(f.message, tt.says) {
				t.Errorf("%s: %s; want %s: … %s …", f.severity, f.message, tt.grade, tt.says)
			}
			if !strings.Contains(f.command, tt.run) || tt.run == "" && f.command != "" {
				t.Errorf("run %q, want … %s …", f.command, tt.run)
			}
		})
	}
}

func findByName(t *testing.T, findings []finding, what string) finding {
	t.Helper()
	for _, f := range findings {
		if f.subject == what {
			return f
		}
	}
	t.Fatalf("there is no finding on %s", what)
	return finding{}
}

func TestWorstSeverityDecidesConclusion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		grades []severity
		want   string
	}{
		{[]severity{severityOK, severityOK}, "Sluice can be deployed here."},
		{[]severity{severityOK, severityUnknown}, "Nothing is known to be missing, but not all could be read."},
		{
			[]severity{severityLow, severityUnknown, severityOK},
			"Sluice can be deployed here, and will be slower than asked for, or show less: see what is low.",
		},
		{
			[]severity{severityConflict, severityLow},
			"A deployment with these settings would replace what others use: see the conflict.",
		},
		{
			[]severity{severityConflict, severityMissing, severityLow},
			"Sluice cannot be deployed here yet: see what is missing.",
		},
	}
	for _, tt := range tests {
		var findings []finding
		for _, s := range tt.grades {
			findings = append(findings, finding{severity: s})
		}
		if got := conclusions[worstSeverity(findings)]; got != tt.want {
			t.Errorf("%v: %s", tt.grades, got)
		}
	}
}
