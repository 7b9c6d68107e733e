package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

func TestMedianAndSpread(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		s              sample
		median, spread float64
	}{
		{nil, 0, 0},
		{sample{7}, 7, 0},
		{sample{3, 1, 2}, 2, 0.5},
		{sample{4, 1, 2, 3}, 2.5, 0.6},
		{sample{0, 0}, 0, 0},
		{sample{9, 100, 10, 11, 10}, 10, 0.1}, // what is far off changes neither
	} {
		if m, s := tt.s.median(), tt.s.spread(); m != tt.median || s != tt.spread {
			t.Errorf("%v: median %g, spread %g, want %g and %g", tt.s, m, s, tt.median, tt.spread)
		}
	}
}

func TestInterleaveTakesTurns(t *testing.T) {
	t.Parallel()
	var calls string
	call := func(name string) func() error {
		return func() error {
			calls += name
			return nil
		}
	}
	if err := interleave(3, call("a"), call("b")); err != nil || calls != "abbaab" {
		t.Errorf("called %s, %v", calls, err)
	}
	broken := errors.New("broken")
	calls = ""
	err := interleave(3, call("a"), func() error { return broken }, call("b"))
	if !errors.Is(err, broken) || calls != "a" {
		t.Errorf("with an error: called %s, %v", calls, err)
	}
}

func TestRowsCompareWithTarget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		r    row
		want string
	}{
		{"a ratio within its target", newRatioRow("r", "ms", sample{3}, sample{2}, 1.5), `[3,2,1.5,1.5,true]`},
		{"a ratio beyond it", newRatioRow("r", "ms", sample{4}, sample{2}, 1.5), `[4,2,2,1.5,false]`},
		{"a ratio without one", newRatioRow("r", "ms", sample{4}, sample{2}, 0), `[4,2,2,null,null]`},
		{"a value within its target", newRow("r", "MB", sample{20}, 20), `[20,null,null,20,true]`},
		{"a value beyond it", newRow("r", "MB", sample{21}, 20), `[21,null,null,20,false]`},
		{"a value without one", newRow("r", "s", sample{21}, 0), `[21,null,null,null,null]`},
	} {
		b, err := json.Marshal([]any{tt.r.Value, tt.r.Baseline, tt.r.Ratio, tt.r.Target, tt.r.OK})
		if err != nil || string(b) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, b, err, tt.want)
		}
	}
}

func TestTableHasEachRow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	printTable(&out, []row{
		newRatioRow("slow_ratio", "ms", sample{4, 4, 6}, sample{2}, 1.5), newRow("size", "MB", sample{17.25}, 20),
		newRow("shown", "s", sample{1}, 0),
	})
	want := `row         value  unit  baseline  ratio  target  ok      spread
slow_ratio  4      ms    2         2      1.5     MISSED  25 %
size        17.25  MB                     20      ok      0 %
shown       1      s                                      0 %
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}

// Programs read these members.
func TestReportIsJSON(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "bench.json")
	err := writeReport(file, report{describeMachine(time.Unix(0, 0)), []row{newRow("size", "MB", sample{17}, 20)}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Machine map[string]any
		Rows    []map[string]any
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{
		"name": "size", "value": 17.0, "unit": "MB", "baseline": nil, "ratio": nil, "target": 20.0, "ok": true,
		"spread": 0.0,
	}}
	if d := cmp.Diff(want, got.Rows); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"time", "go", "platform", "processors", "load"} {
		if v := got.Machine[name]; v == nil || v == "" || v == 0.0 {
			t.Errorf("the machine has no %s: %v", name, got.Machine)
		}
	}
}

func TestRowsOfOtherBenchmarksRemain(t *testing.T) {
	t.Parallel()
	one := func(name string, err error) benchmark {
		return benchmark{name, func(context.Context, settings) ([]row, error) { return []row{{Name: name}}, err }}
	}
	broken := errors.New("broken")
	rows, err := runBenchmarks(t.Context(), []benchmark{one("a", broken), one("b", nil)}, settings{log: io.Discard})
	if !errors.Is(err, broken) || len(rows) != 2 || rows[1].Name != "b" {
		t.Errorf("%v, %v", rows, err)
	}
}

// Every client that a bare function needs can be built.
func TestBareFunctionOfEachService(t *testing.T) {
	t.Parallel()
	var tags []string
	for _, s := range services.Map {
		for _, c := range listClients(s) {
			tags = append(tags, "bare_"+c)
		}
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	files, err := filepath.Glob("bare/*.go")
	if err != nil || len(files) != len(tags)+1 {
		t.Errorf("each client has a file in bare: the tags are %v, the files %v: %v", tags, files, err)
	}
	vet := exec.CommandContext(t.Context(), "go", "vet", "-tags", strings.Join(tags, ","), "./bare")
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// functionEnvName makes the test binary run as a function that responds in some way.
const functionEnvName = "SLUICE_TEST_FUNCTION"

func TestMain(m *testing.M) {
	if last := os.Getenv(functionEnvName); last != "" {
		respondOnce(last)
		return
	}
	os.Exit(m.Run())
}

// respondOnce takes an event and posts to the path that ends with last; then it waits for the next event.
func respondOnce(last string) {
	if last == "nothing" {
		return
	}
	url := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	get := func() {
		if res, err := http.Get(url + "next"); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
		}
	}
	get()
	if _, err := http.Post(url+"1/"+last, "application/json", strings.NewReader("{}")); err == nil {
		get()
	}
}

func TestProcessIsMeasuredUntilItsResponse(t *testing.T) {
	t.Parallel()
	for responds, wrong := range map[string]string{
		"response": "", "error": `"error" and not a response`, "nothing": `"" and not a response`,
	} {
		t.Run(responds, func(t *testing.T) {
			t.Parallel()
			m, err := measureProcess(
				t.Context(), "/proc/self/exe", []string{functionEnvName + "=" + responds}, []byte("{}"), "response",
			)
			if wrong == "" && (err != nil || m.cpu <= 0 || m.wall <= 0) ||
				wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)) {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
}

func TestClientsOfServiceFollowFromMap(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"studio": nil, "authorize": {"dynamodb"}, "encode": {"s3", "sqs"},
		"publish": {"dynamodb", "lambda", "s3", "sns", "sqs"},
	} {
		s, _ := services.Lookup(name)
		if d := cmp.Diff(want, listClients(s)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
