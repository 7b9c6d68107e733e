package events_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/video"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// every is one of each domain event.
var every = []video.Event{
	video.UploadCompleted{At: noon},
	video.MediaInspected{UploadedAt: noon, At: noon, ETag: "e1", Media: video.Media{Width: 2, Rate: video.Rate{Num: 25, Den: 1}}, Plan: video.Plan{Borders: []int{0, 10}, SegmentFrames: 50}},
	video.MediaRefused{UploadedAt: noon, At: noon, Problem: video.Problem{Code: "no_video", Message: "no"}},
	video.TaskDone{At: noon, Result: video.Result{Task: video.Task{Number: 3}, Tracks: []video.Track{{Name: "720p", Segments: []video.Segment{{Bytes: 1, Ticks: 2}}}}}},
	video.TaskFailed{At: noon, Task: video.Task{Number: 4}},
	video.EncodeRequested{Task: video.Task{Number: 5}, Playback: "p"},
	video.VideoProcessing{Tasks: 3},
	video.VideoReady{Playback: "p", Duration: 1.5},
	video.VideoFailed{Problem: video.Problem{Code: "x"}},
}

func TestEveryDomainEventHasAContract(t *testing.T) {
	have := map[string]bool{}
	for _, d := range every {
		e := events.Of("acme", "vid_1", noon, d)
		b, err := events.Encode(e)
		if err != nil {
			t.Fatalf("%T: %v", d, err)
		}
		got, err := events.Decode(b)
		if err != nil {
			t.Fatalf("%T: %v", d, err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Errorf("%T does not survive the wire: %s", d, diff)
		}
		have[strings.TrimPrefix(fmt.Sprintf("%T", d), "video.")] = true
	}
	for _, name := range domainEvents(t) {
		if !have[name] {
			t.Errorf("video.%s is in no case of this test", name)
		}
	}
}

// domainEvents reads the names of the types with the method event() from the source.
func domainEvents(t *testing.T) (names []string) {
	f, err := parser.ParseFile(token.NewFileSet(), "../shared/video/apply.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "event" {
			names = append(names, fn.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	if len(names) == 0 {
		t.Fatal("no domain events found")
	}
	return names
}

func TestIDsTellFactsApart(t *testing.T) {
	id := func(video string, d video.Event) string { return events.Of("acme", video, noon, d).ID }
	a := id("vid_1", video.TaskDone{Result: video.Result{Task: video.Task{Number: 1}}})
	if a != id("vid_1", video.TaskDone{At: noon.Add(time.Hour), Result: video.Result{Task: video.Task{Number: 1}}}) {
		t.Error("the same fact told later has another id")
	}
	if a == id("vid_1", video.TaskDone{Result: video.Result{Task: video.Task{Number: 2}}}) || a == id("vid_2", video.TaskDone{Result: video.Result{Task: video.Task{Number: 1}}}) {
		t.Error("different facts have the same id")
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := `{"specversion":"1.0","id":"i","source":"s","type":"upload.completed.v1","time":"2026-11-22T12:00:00Z","subject":"vid_1","tenant":"acme","data":{"at":"2026-11-22T12:00:00Z"}}`
	if _, err := events.Decode([]byte(good)); err != nil {
		t.Fatal(err)
	}
	if _, err := events.Decode([]byte(strings.Replace(good, `"id"`, `"unknown":{"x":1},"id"`, 1))); err != nil {
		t.Errorf("an unknown attribute must be ignored: %v", err)
	}
	for name, bad := range map[string]string{
		"nothing":         "",
		"no JSON":         "hello",
		"other version":   strings.Replace(good, `"1.0"`, `"2.0"`, 1),
		"unknown type":    strings.Replace(good, "upload.completed.v1", "upload.completed.v9", 1),
		"no id":           strings.Replace(good, `"id":"i",`, "", 1),
		"no tenant":       strings.Replace(good, `,"tenant":"acme"`, "", 1),
		"no subject":      strings.Replace(good, `"subject":"vid_1",`, "", 1),
		"data not a type": strings.Replace(good, `{"at":"2026-11-22T12:00:00Z"}`, `[]`, 1),
		"too large":       strings.Replace(good, `"source":"s"`, `"source":"`+strings.Repeat("s", events.MaxBytes)+`"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := events.Decode([]byte(bad)); video.KindOf(err) != video.Invalid {
				t.Errorf("got %v, want Invalid", err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, d := range every {
		b, _ := events.Encode(events.Of("acme", "vid_1", noon, d))
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := events.Decode(b)
		if err == nil {
			_, err = events.Encode(e)
		}
		if err != nil && video.KindOf(err) != video.Invalid {
			t.Fatal(err)
		}
	})
}
