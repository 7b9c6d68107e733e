package main

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestNothingIsDestroyedUnlessTheAccountIsNamed(t *testing.T) {
	t.Parallel()
	const account = "123456789012"
	tests := []struct {
		name  string
		order order
		typed string
		want  error
	}{
		{"typed", order{}, "123456789012\n", nil},
		{"typed without a line's end", order{}, " 123456789012", nil},
		{"given", order{account: account}, "", nil},
		{"yes", order{}, "yes\n", errNotConfirmed},
		{"nothing", order{}, "\n", errNotConfirmed},
		{"no terminal", order{}, "", errNotConfirmed},
		{"another account", order{account: "123456789013"}, "123456789012\n", errNotConfirmed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := confirm(tt.order, account, strings.NewReader(tt.typed), &out); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if asked := strings.Contains(out.String(), "Type the number"); asked == (tt.order.account != "") {
				t.Errorf("asked: %v", asked)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	s := stack{there: true, kept: []resource{{"AWS::S3::Bucket", "originals"}, {"AWS::DynamoDB::Table", "rows"}}}
	tests := []struct {
		name  string
		order order
		there bool
		want  string
	}{
		{"the stack alone", order{stack: "Sluice"}, true, "  delete  stack Sluice, with its functions, queues, messages and logs\n  keep    bucket originals\n  keep    table rows\n"},
		{"all", order{stack: "Sluice", data: true}, true, "  delete  stack Sluice, with its functions, queues, messages and logs\n  delete  bucket originals\n  delete  table rows\n"},
		{"what an earlier run left", order{stack: "Sluice", data: true}, false, "  delete  bucket originals\n  delete  table rows\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := s
			s.there = tt.there
			var out strings.Builder
			describe(&out, tt.order, s, "1", "eu-west-1")
			if want := "account 1, eu-west-1\n" + tt.want; out.String() != want {
				t.Errorf("said\n%s\nwant\n%s", out.String(), want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	if o, err := parse(nil); err != nil || o != (order{stack: "Sluice"}) {
		t.Errorf("nothing said: %+v, %v", o, err)
	}
	if o, err := parse([]string{"-data", "-stack", "Other", "-account", "1"}); err != nil || o != (order{"Other", "1", true}) {
		t.Errorf("all said: %+v, %v", o, err)
	}
	if _, err := parse([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help: %v", err)
	}
	if _, err := parse([]string{"data"}); err == nil {
		t.Error("an argument was taken")
	}
}
