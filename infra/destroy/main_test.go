package main

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestConfirmAccountAcceptsTheAccountNumberOnly(t *testing.T) {
	t.Parallel()
	const account = "123456789012"
	tests := []struct {
		name  string
		order options
		typed string
		want  error
	}{
		{"typed", options{}, "123456789012\n", nil},
		{"typed without a line's end", options{}, " 123456789012", nil},
		{"given", options{account: account}, "", nil},
		{"yes", options{}, "yes\n", errNotConfirmed},
		{"nothing", options{}, "\n", errNotConfirmed},
		{"no terminal", options{}, "", errNotConfirmed},
		{"another account", options{account: "123456789013"}, "123456789012\n", errNotConfirmed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := confirmAccount(tt.order, account, strings.NewReader(tt.typed), &out); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if asked := strings.Contains(out.String(), "Type the number"); asked == (tt.order.account != "") {
				t.Errorf("asked: %v", asked)
			}
		})
	}
}

func TestPrintPlan(t *testing.T) {
	t.Parallel()
	s := stack{exists: true, kept: []keptResource{{"AWS::S3::Bucket", "originals"}, {"AWS::DynamoDB::Table", "rows"}}}
	tests := []struct {
		name  string
		order options
		there bool
		want  string
	}{
		{
			"the stack alone", options{stack: "Sluice"}, true,
			"  delete  stack Sluice, with its functions, queues, messages and logs\n  keep    bucket originals\n  keep    table rows\n",
		},
		{
			"all", options{stack: "Sluice", data: true}, true,
			"  delete  stack Sluice, with its functions, queues, messages and logs\n  delete  bucket originals\n  delete  table rows\n",
		},
		{
			"what an earlier run left", options{stack: "Sluice", data: true}, false,
			"  delete  bucket originals\n  delete  table rows\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := s
			s.exists = tt.there
			var out strings.Builder
			printPlan(&out, tt.order, s, "1", "eu-west-1")
			if want := "account 1, eu-west-1\n" + tt.want; out.String() != want {
				t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
			}
		})
	}
}

func TestParseFlags(t *testing.T) {
	t.Parallel()
	if o, err := parseFlags(nil); err != nil || o != (options{stack: "Sluice"}) {
		t.Errorf("no flags: %+v, %v", o, err)
	}
	if o, err := parseFlags([]string{"-data", "-stack", "Other", "-account", "1"}); err != nil ||
		o != (options{"Other", "1", true}) {
		t.Errorf("all flags: %+v, %v", o, err)
	}
	if _, err := parseFlags([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help: %v", err)
	}
	if _, err := parseFlags([]string{"data"}); err == nil {
		t.Error("an argument was accepted")
	}
}
