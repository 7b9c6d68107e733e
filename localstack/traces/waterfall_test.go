package traces

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The documents in testdata were sent by package trace: one video through three functions, once as a local cloud runs
// them, once as Lambda does, and one whose function was killed during its long step.
func TestWaterfall(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"local", "lambda", "killed"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := draw(t, read(t, filepath.Join("testdata", name+".jsonl")), "vid_1")
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

func draw(t *testing.T, lines, video string) string {
	t.Helper()
	out, err := Waterfall(strings.NewReader(lines), video)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// UDP keeps no order and the SDK may send a document twice.
func TestWaterfallOfAnyOrder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"local", "lambda", "killed"} {
		text := read(t, filepath.Join("testdata", name+".jsonl"))
		want := draw(t, text, "vid_1")
		for seed := range uint64(20) {
			lines := strings.Split(strings.TrimSpace(text), "\n")
			lines = append(lines, lines[seed%uint64(len(lines))], "{half a docu")
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
			if diff := cmp.Diff(want, draw(t, strings.Join(lines, "\n"), "vid_1")); diff != "" {
				t.Errorf("%s, seed %d:\n%s", name, seed, diff)
			}
		}
	}
}

// Neither what is odd in a document nor another video's hops make a waterfall.
func TestWaterfallOfNothing(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]string{
		"no line":       "",
		"another video": `{"id":"a","trace_id":"t","annotations":{"video_id":"vid_2"}}`,
		"no id":         `{"trace_id":"t","annotations":{"video_id":"vid_1"}}`,
		"its own child": `{"id":"a","parent_id":"a","trace_id":"t","type":"subsegment"}`,
		"no object":     "[]\n7\nnull\nx",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := draw(t, lines, "vid_1"); got != "" {
				t.Errorf("drew %s", got)
			}
		})
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	got := draw(t, `{"id":"a","trace_id":"t","name":"x","start_time":1,"in_progress":true,"fault":true,"error":true,"throttle":true,`+
		`"annotations":{"video_id":"vid_1","code":"too_long"}}`, "vid_1")
	if !strings.HasSuffix(got, "FAULT error throttled RUNNING too_long t\n") {
		t.Errorf("drew %s", got)
	}
}
