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
	samples   = []string{"local", "lambda", "killed"}
	functions = map[string]Function{
		"api": {20 * time.Second, cents}, "encode": {3 * time.Minute, cents}, "publish": {30 * time.Second, cents},
	}
)

// cents are a dollar's for a second.
func cents(d time.Duration) float64 { return d.Seconds() / 100 }

// sample returns documents that package trace has sent, together with what Lambda says itself: one video through three
// functions, once as a local cloud runs them, once as Lambda does, and one whose function does not come back from a
// long step.
func sample(t *testing.T, name string) []string {
	t.Helper()
	return strings.Split(strings.TrimSpace(read(t, filepath.Join("testdata", name+".jsonl"))), "\n")
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// soon is a second after the last of the samples was sent.
var soon = time.Unix(1795384478, 0)

func TestDraw(t *testing.T) {
	t.Parallel()
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := Of("vid_1", sample(t, name), functions, soon)
			w.Complete = !w.Runs()
			got := w.Draw(false, 0) + "\n" + w.Draw(true, 0)
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(read(t, golden), got); diff != "" {
				t.Errorf("waterfall (-want +got):\n%s", diff)
			}
		})
	}
}

// UDP keeps no order, and the SDK may send a document twice.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, name := range samples {
		documents := sample(t, name)
		want := Of("vid_1", documents, functions, soon)
		for seed := range uint64(20) {
			mixed := append(sample(t, name), documents[seed%uint64(len(documents))], "{half a docu")
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			if diff := cmp.Diff(want, Of("vid_1", mixed, functions, soon)); diff != "" {
				t.Errorf("%s, seed %d:\n%s", name, seed, diff)
			}
		}
	}
}

func TestMostRowsAreLeftOut(t *testing.T) {
	t.Parallel()
	w := Waterfall{Duration: 100}
	for i := range 50 {
		w.Hops = append(w.Hops, Hop{Service: fmt.Sprint("hop", i), Start: float64(2 * i), Length: 2, Status: OK})
	}
	rows := strings.Split(strings.TrimSpace(w.Draw(true, 10)), "\n")
	if len(rows) != 2+10+1 || !strings.HasSuffix(rows[6], "hop4") || !strings.HasSuffix(rows[7], "… 40 rows left out …") || !strings.HasSuffix(rows[8], "hop45") {
		t.Errorf("drew\n%s", strings.Join(rows, "\n"))
	}
	for _, row := range rows {
		if utf8.RuneCountInString(row) > 100 {
			t.Errorf("is wider than 100: %s", row)
		}
	}
}

func TestStepsThatAreAlikeShareARow(t *testing.T) {
	t.Parallel()
	put := func(start float64, status Status) Step {
		return Step{Name: "S3 PutObject", Start: start, Length: 10, Status: status}
	}
	w := Waterfall{Duration: 100, Hops: []Hop{{Length: 100, Status: OK, Steps: []Step{
		put(0, OK), put(1, OK), put(70, OK), put(80, Error), {Name: "S3 PutObject", Start: 90, Status: OK, Steps: []Step{put(91, OK)}}, put(92, OK),
	}}}}
	var got []string
	for _, row := range strings.Split(strings.TrimSpace(w.Draw(true, 0)), "\n")[3:] {
		got = append(got, strings.Join(strings.Fields(row)[2:4], " ")+"|"+row[strings.LastIndex(row, "│")+len("│"):])
	}
	want := []string{"80.0 ms|   S3 PutObject ×3", "10.0 ms|   S3 PutObject ERROR", "0.0 ms|   S3 PutObject", "10.0 ms|     S3 PutObject", "10.0 ms|   S3 PutObject"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows (-want +got):\n%s\n%s", d, w.Draw(true, 0))
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	got := Hop{Attempt: 2, Cold: true, Status: Throttle, Code: "too_long"}.marks()
	if got != " attempt 2 cold THROTTLE too_long" {
		t.Errorf("marked %q", got)
	}
}
