package traceview

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	sampleNames   = []string{"local", "lambda", "killed"}
	testFunctions = map[string]Function{
		"api": {20 * time.Second, costInCents}, "encode": {3 * time.Minute, costInCents},
		"publish": {30 * time.Second, costInCents},
	}
)

// costInCents is a price of one cent a second.
func costInCents(d time.Duration) float64 { return d.Seconds() / 100 }

// readSample returns the documents of a sample, as package trace and Lambda send them: of one video in three
// functions, on a local cloud (local) and on Lambda (lambda), and of a function that was stopped during a step
// (killed).
func readSample(t *testing.T, name string) []string {
	t.Helper()
	return strings.Split(strings.TrimSpace(readFile(t, filepath.Join("testdata", name+".jsonl"))), "\n")
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// readTime is a second after the last document of the samples was sent.
var readTime = time.Unix(1795384478, 0)

func TestDrawTextGolden(t *testing.T) {
	t.Parallel()
	for _, name := range sampleNames {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := BuildWaterfall("vid_1", readSample(t, name), testFunctions, readTime)
			w.Complete = !w.HasRunning()
			got := w.DrawText(false, 0) + "\n" + w.DrawText(true, 0)
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(readFile(t, golden), got); diff != "" {
				t.Errorf("waterfall (-want +got):\n%s", diff)
			}
		})
	}
}

// UDP does not keep the order of documents, and the SDK may send one twice.
func TestDocumentOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, name := range sampleNames {
		documents := readSample(t, name)
		want := BuildWaterfall("vid_1", documents, testFunctions, readTime)
		for seed := range uint64(20) {
			mixed := append(readSample(t, name), documents[seed%uint64(len(documents))], "{half a docu")
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(mixed), func(i, j int) {
				mixed[i], mixed[j] = mixed[j], mixed[i]
			})
			if diff := cmp.Diff(want, BuildWaterfall("vid_1", mixed, testFunctions, readTime)); diff != "" {
				t.Errorf("%s, seed %d:\n%s", name, seed, diff)
			}
		}
	}
}

func TestDrawTextLeavesOutMiddleRows(t *testing.T) {
	t.Parallel()
	w := Waterfall{Duration: 100}
	for i := range 50 {
		w.Spans = append(
			w.Spans, Span{Service: fmt.Sprint("span", i), Start: float64(2 * i), Duration: 2, Status: StatusOK},
		)
	}
	rows := strings.Split(strings.TrimSpace(w.DrawText(true, 10)), "\n")
	if len(rows) != 2+10+1 || !strings.HasSuffix(rows[6], "span4") ||
		!strings.HasSuffix(rows[7], "… 40 rows left out …") || !strings.HasSuffix(rows[8], "span45") {
		t.Errorf("drew\n%s", strings.Join(rows, "\n"))
	}
	for _, row := range rows {
		if utf8.RuneCountInString(row) > 100 {
			t.Errorf("is wider than 100: %s", row)
		}
	}
}

func TestEqualStepsShareRow(t *testing.T) {
	t.Parallel()
	put := func(start float64, status Status) Step {
		return Step{Name: "S3 PutObject", Start: start, Duration: 10, Status: status}
	}
	w := Waterfall{Duration: 100, Spans: []Span{{Duration: 100, Status: StatusOK, Steps: []Step{
		put(0, StatusOK), put(1, StatusOK), put(70, StatusOK), put(80, StatusError),
		{Name: "S3 PutObject", Start: 90, Status: StatusOK, Steps: []Step{put(91, StatusOK)}}, put(92, StatusOK),
	}}}}
	var got []string
	for _, row := range strings.Split(strings.TrimSpace(w.DrawText(true, 0)), "\n")[3:] {
		got = append(got, strings.Join(strings.Fields(row)[2:4], " ")+"|"+row[strings.LastIndex(row, "│")+len("│"):])
	}
	want := []string{
		"80.0 ms|   S3 PutObject ×3", "10.0 ms|   S3 PutObject ERROR", "0.0 ms|   S3 PutObject",
		"10.0 ms|     S3 PutObject", "10.0 ms|   S3 PutObject",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows (-want +got):\n%s\n%s", d, w.DrawText(true, 0))
	}
}

func TestFormatMarks(t *testing.T) {
	t.Parallel()
	got := Span{Attempt: 2, ColdStart: true, Status: StatusThrottle, Code: "too_long"}.formatMarks()
	if got != " attempt 2 cold THROTTLE too_long" {
		t.Errorf("marked %q", got)
	}
}
