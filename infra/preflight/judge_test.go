package main

import (
	"errors"
	"strings"
	"testing"

	"sluice/shared/domain/services"
)

// fresh is an account that was opened yesterday and had `cdk bootstrap` today.
func fresh() account {
	return account{
		id: "123456789012", region: "eu-west-1", caller: "arn:aws:iam::123456789012:user/ann",
		bootstrap: reading{value: 28}, concurrency: reading{value: 10}, rate: reading{value: 10_000},
	}
}

// standard is what a deployment without settings needs; all is how many invocations that is.
var standard = needs{concurrency: services.LeastConcurrency(), rate: 200}

func TestJudge(t *testing.T) {
	t.Parallel()
	all := standard.invocations()
	tests := []struct {
		name   string
		change func(*account)
		needs  needs
		what   string
		grade  grade
		says   string // a part of it
		run    string // a part of the command; "" for none
	}{
		{"a region with all services", func(*account) {}, standard, "region", good, "eu-west-1 has every", ""},
		{"a region without X-Ray", func(a *account) { a.absent = []string{"xray"} }, standard, "region", missing, "no xray", ""},
		{"a region that AWS does not list", func(a *account) { a.absent = used }, standard, "region", unknown, "does not list", ""},
		{"regions may not be read", func(a *account) { a.absentErr = errors.New("denied") }, standard, "region", unknown, "denied", ""},
		{"bootstrapped", func(*account) {}, standard, "CDK bootstrap", good, "version 28", ""},
		{"bootstrapped just new enough", func(a *account) { a.bootstrap.value = 6 }, standard, "CDK bootstrap", good, "version 6", ""},
		{"bootstrapped long ago", func(a *account) { a.bootstrap.value = 5 }, standard, "CDK bootstrap", missing, "version 5 is there", "bootstrap --app '' aws://123456789012/eu-west-1"},
		{"never bootstrapped", func(a *account) { a.bootstrap.value = 0 }, standard, "CDK bootstrap", missing, "never set up", "aws://123456789012/eu-west-1"},
		{"bootstrap may not be read", func(a *account) { a.bootstrap.err = errors.New("denied") }, standard, "CDK bootstrap", unknown, "denied", ""},
		{"one invocation short", func(a *account) { a.concurrency.value = all - 1 }, standard, "Lambda concurrency", low, "Sluice works, slowly", "--service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region eu-west-1"},
		{"just enough invocations", func(a *account) { a.concurrency.value = all }, standard, "Lambda concurrency", good, "ask for more", "--desired-value 1000"},
		{"the usual invocations", func(a *account) { a.concurrency.value = 1000 }, standard, "Lambda concurrency", good, "the account has 1000: -c concurrency=990", ""},
		{"a large deployment", func(a *account) { a.concurrency.value = 1000 }, needs{concurrency: 991}, "Lambda concurrency", low, "counts as an attempt", "--desired-value 1001"},
		{"a deployment that uses all", func(a *account) { a.concurrency.value = 1000 }, needs{concurrency: 990}, "Lambda concurrency", good, "the account has 1000", ""},
		{"concurrency may not be read", func(a *account) { a.concurrency.err = errors.New("denied") }, standard, "Lambda concurrency", unknown, "denied", ""},
		{"enough requests", func(a *account) { a.rate.value = 200 }, standard, "API Gateway requests", good, "the account has 200", ""},
		{"too few requests", func(a *account) { a.rate.value = 199 }, standard, "API Gateway requests", low, "the account has 199", "--service-code apigateway --quota-code L-8A5B8E43 --desired-value 200 --region eu-west-1"},
		{"requests may not be read", func(a *account) { a.rate.err = errors.New("denied") }, standard, "API Gateway requests", unknown, "denied", ""},
		{"memory", func(*account) {}, standard, "Lambda memory", good, "3008 MiB", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := fresh()
			tt.change(&a)
			v := find(t, judge(tt.needs, a), tt.what)
			if v.grade != tt.grade || !strings.Contains(v.says, tt.says) {
				t.Errorf("%s: %s; want %s: … %s …", v.grade, v.says, tt.grade, tt.says)
			}
			if !strings.Contains(v.run, tt.run) || tt.run == "" && v.run != "" {
				t.Errorf("run %q, want … %s …", v.run, tt.run)
			}
		})
	}
}

func find(t *testing.T, verdicts []verdict, what string) verdict {
	t.Helper()
	for _, v := range verdicts {
		if v.what == what {
			return v
		}
	}
	t.Fatalf("there is no verdict on %s", what)
	return verdict{}
}

func TestTheGravestVerdictDecides(t *testing.T) {
	t.Parallel()
	tests := []struct {
		grades []grade
		want   string
	}{
		{[]grade{good, good}, "Sluice can be deployed here."},
		{[]grade{good, unknown}, "Nothing is known to be missing, but not all could be read."},
		{[]grade{low, unknown, good}, "Sluice can be deployed here, and will be slower than asked for: see what is low."},
		{[]grade{good, missing, low}, "Sluice cannot be deployed here yet: see what is missing."},
	}
	for _, tt := range tests {
		var verdicts []verdict
		for _, g := range tt.grades {
			verdicts = append(verdicts, verdict{grade: g})
		}
		if got := conclusion(worst(verdicts)); got != tt.want {
			t.Errorf("%v: %s", tt.grades, got)
		}
	}
}
