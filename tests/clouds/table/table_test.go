package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/clouds"
)

const exampleEvents = `{"Action":"run","Package":"sluice/tests/e2e","Test":"TestA"}
{"Action":"output","Package":"sluice/tests/e2e","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"sluice/tests/e2e","Test":"TestA/b","Output":"    a_test.go:9: no b here: none at all\n"}
{"Action":"skip","Package":"sluice/tests/e2e","Test":"TestA/b","Elapsed":12.34}
{"Action":"pass","Package":"sluice/tests/e2e","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"sluice/tests/e2e","Test":"TestC","Output":"    c_test.go:1: broken\n"}
{"Action":"fail","Package":"sluice/tests/e2e","Test":"TestC"}
{"Action":"output","Package":"sluice/tests/e2e","Output":"FAIL sluice/tests/e2e 1s\n"}
{"Action":"fail","Package":"sluice/tests/e2e"}
`

func TestReadEventsKeepsOutcomeOfEachTest(t *testing.T) {
	t.Parallel()
	var shown bytes.Buffer
	got, err := readEvents(strings.NewReader(exampleEvents), &shown)
	if err != nil {
		t.Fatal(err)
	}
	want := cloudOutcomes{
		"e2e TestA": {State: passed}, "e2e TestA/b": {State: skipped, Reason: "no b here: none at all"},
		"e2e TestC": {State: failed},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if want := "passed    12.3 s  e2e TestA\n    c_test.go:1: broken\nFAIL sluice/tests/e2e 1s\n"; shown.String() != want {
		t.Errorf("shown:\n%s", shown.String())
	}
}

func TestCompileErrorCountsAsFailure(t *testing.T) {
	t.Parallel()
	var shown bytes.Buffer
	got, err := readEvents(strings.NewReader(`{"Action":"build-output","Output":"x.go:1: no\n"}
{"Action":"fail","Package":"sluice/tests/e2e"}
`), &shown)
	if err != nil || got.firstFailure() == nil || shown.String() != "x.go:1: no\n" {
		t.Errorf("%v, %v, %q", got, err, shown.String())
	}
}

func TestUnfinishedTestCountsAsFailure(t *testing.T) {
	t.Parallel()
	got, err := readEvents(strings.NewReader(`{"Action":"run","Package":"sluice/tests/e2e","Test":"TestA"}
{"Action":"fail","Package":"sluice/tests/e2e"}
`), &bytes.Buffer{})
	if want := (testOutcome{State: failed, Reason: "did not end"}); err != nil || got["e2e TestA"] != want {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCompareCloudsFoldsCasesAndReportsFailures(t *testing.T) {
	t.Parallel()
	pass, skip := testOutcome{State: passed}, testOutcome{State: skipped, Reason: "why"}
	for _, tt := range []struct {
		name  string
		asked map[string]cloudOutcomes
		want  []row
		wrong string
	}{
		{"on both", map[string]cloudOutcomes{"ministack": {"T": pass}, "localstack": {"T": pass}},
			[]row{{Test: "T", MiniStack: passed, LocalStack: passed}}, ""},
		{
			"a part of one that is skipped there",
			map[string]cloudOutcomes{"ministack": {"T": pass, "T/a": pass}, "localstack": {"T": skip}},
			[]row{{Test: "T", Cases: 1, MiniStack: passed, LocalStack: skipped, Reason: "why"}}, "only 0 of 1",
		},
		{"cases of which most are alike", map[string]cloudOutcomes{
			"ministack":  {"T": pass, "T/a": skip, "T/b": pass, "T/c": pass, "U": pass},
			"localstack": {"T": pass, "T/a": pass, "T/b": pass, "T/c": pass, "U": pass},
		}, []row{
			{Test: "T", Cases: 2, MiniStack: passed, LocalStack: passed},
			{Test: "T/a", MiniStack: skipped, LocalStack: passed, Reason: "why"},
			{Test: "U", MiniStack: passed, LocalStack: passed},
		}, ""},
		{"on none", map[string]cloudOutcomes{"ministack": {"T": skip}, "localstack": {"T": skip}},
			[]row{{Test: "T", MiniStack: skipped, LocalStack: skipped, Reason: "why; why"}}, "T ran on no cloud"},
		{"skipped on the only one that was asked", map[string]cloudOutcomes{"ministack": {"T": skip}},
			[]row{{Test: "T", MiniStack: skipped, Reason: "why"}}, ""},
		{
			"to run on one alone",
			map[string]cloudOutcomes{
				"ministack":  {"T": pass, "U": pass},
				"localstack": {"T": pass, "U": {State: skipped, Reason: clouds.OneCloudReason}},
			},
			[]row{
				{Test: "T", MiniStack: passed, LocalStack: passed},
				{Test: "U", MiniStack: passed, LocalStack: skipped, Reason: clouds.OneCloudReason},
			},
			"",
		},
		{"failed on one", map[string]cloudOutcomes{"ministack": {"T": {State: failed}}, "localstack": {"T": pass}},
			[]row{{Test: "T", MiniStack: failed, LocalStack: passed}}, "T failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows := compareClouds(tt.asked)
			if diff := cmp.Diff(tt.want, rows); diff != "" {
				t.Error(diff)
			}
			err := checkRows(rows, len(tt.asked) == 2)
			if tt.wrong == "" && err != nil || tt.wrong != "" &&
				(err == nil || !strings.Contains(err.Error(), tt.wrong)) {
				t.Errorf("check: %v, want %q", err, tt.wrong)
			}
		})
	}
}

func TestPrintTableAlignsColumns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	printTable(
		&out,
		[]row{
			{"e2e TestA", 12, passed, passed, ""}, {"e2e TestA/longer", 0, skipped, passed, "why"},
			{"e2e TestB", 0, passed, skipped, "why"},
		},
	)
	want := `                      MiniStack  LocalStack
e2e TestA (12 cases)  passed     passed
e2e TestA/longer      skipped    passed      why
e2e TestB             passed     skipped     why
1 of 2 tests passed on both
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestCommandRejectsInvalidArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"run"}, {"run", "azure"}, {"show", "all"}} {
		if err := runCommand(args, nil, nil); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
