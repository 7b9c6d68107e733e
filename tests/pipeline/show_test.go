package pipeline_test

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/publish"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/store"
)

// movie is a plan of 40 seconds: five chunks and the sound.
var movie = video.Plan{
	Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 200, 400, 600, 800, 1000}, Audio: true,
	Renditions: []video.Rendition{{Name: "360p", Width: 640, Height: 360, Bitrate: 1e6}},
}

// begun returns a world in which the film is inspected.
func begun(t *testing.T) *world {
	w := newWorld(t)
	w.deliver(t, video.MediaInspected{UploadedAt: noon, At: noon, ETag: "e1", Plan: movie, Media: video.Media{Width: 640, Height: 360, Rate: movie.Rate, Frames: 1000}})
	return w
}

// part is what encode says of a task of the film, seconds after it was asked.
func part(n int) video.TaskDone {
	task := movie.Tasks()[n]
	track := video.Track{Name: "360p", Codec: "avc1.64001e", Init: "i", Timescale: 12800}
	ticks, segments := int64(25600), 4
	if task.Kind == video.AudioTask {
		track, ticks, segments = video.Track{Name: "audio", Codec: "mp4a.40.2", Init: "a", Timescale: 48000}, 96000, 20
	}
	track.Segments = slices.Repeat([]video.Segment{{Bytes: 1000, Ticks: ticks}}, segments)
	return video.TaskDone{At: noon.Add(time.Duration(n+1) * time.Second), Result: video.Result{Task: task, Tracks: []video.Track{track}}}
}

func TestPromise05_PlaylistsGrow(t *testing.T) {
	t.Parallel()
	w := begun(t)
	var got []string
	before := map[string]string{}
	for _, n := range []int{0, 2, 1, 4, 3, 5} {
		var said []string
		for _, e := range w.deliver(t, part(n)) {
			said = append(said, string(e.Type))
		}
		texts := w.texts(t)
		for name, text := range before {
			if name != media.MasterName && !strings.HasPrefix(texts[name], text) {
				t.Errorf("%s: after\n%s\ncomes\n%s", name, text, texts[name])
			}
		}
		before = texts
		v := w.row(t)
		lists := strings.Count(texts["360p/index.m3u8"], ".m4s")
		if lists*50 != v.Shown && v.State != video.Ready {
			t.Errorf("%d segments are listed, and the row says %d frames", lists, v.Shown)
		}
		got = append(got, strings.Join(append([]string{string(v.State), strings.Repeat("=", lists)}, said...), " "))
	}
	want := []string{
		"processing ", "processing ", "playable ======== video.playable.v1", "playable ========", "playable ================",
		"ready ==================== video.ready.v1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, text := range before {
		if ended := strings.HasSuffix(text, media.End); ended != (name != media.MasterName) {
			t.Errorf("%s ended: %t\n%s", name, ended, text)
		}
	}
}

// hoarder notes for how long each object may be kept.
type hoarder struct {
	*blob.Memory
	kept map[string][]string
}

func (h hoarder) Replace(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Meta) error {
	name := key[strings.LastIndex(key[:strings.LastIndex(key, "/")], "/")+1:]
	h.kept[name] = append(h.kept[name], m.CacheControl)
	return h.Memory.Replace(ctx, key, etag, body, m)
}

func TestWhatGrowsIsKeptForSeconds(t *testing.T) {
	t.Parallel()
	w := begun(t)
	h := hoarder{w.media, map[string][]string{}}
	for n := range movie.Size() {
		p := w.publisher()
		p.Media = h
		if _, err := p.Handle(t.Context(), events.Of("acme", "vid_1", noon, part(n))); err != nil {
			t.Fatal(err)
		}
	}
	brief, long := "public, max-age=2", "public, max-age=300"
	want := map[string][]string{
		"360p/index.m3u8": {brief, brief, brief, long}, "audio/index.m3u8": {brief, brief, brief, long}, publicID + "/master.m3u8": {brief, long},
	}
	if diff := cmp.Diff(want, h.kept); diff != "" {
		t.Error(diff)
	}
}

// yesterday is a table as a writer saw it who was held up since.
type yesterday struct {
	*store.Memory
	row     video.Video
	results []video.Result
}

func (y yesterday) Video(context.Context, string, string) (video.Video, error) { return y.row, nil }
func (y yesterday) Finish(context.Context, string, string, video.TaskDone) (map[int]bool, error) {
	done := map[int]bool{}
	for _, r := range y.results {
		done[r.Task.Number] = true
	}
	return done, nil
}
func (y yesterday) Results(context.Context, string, string) ([]video.Result, error) {
	return y.results, nil
}

// A writer was held up while others went on: whatever it wants to write then, it finds that it is late.
func TestPromise05_ALateWriterTakesNothingBack(t *testing.T) {
	t.Parallel()
	down := video.TaskFailed{At: noon.Add(time.Minute), Task: movie.Tasks()[5], Problem: errs.Problem{Code: "decode_failed", Message: "No."}}
	for _, row := range []struct {
		name       string
		seen, last int           // how many tasks were done when it was held up, and which it has heard of
		meanwhile  []video.Event // what others heard of since
	}{
		{"a step, after another", 2, 2, []video.Event{part(2), part(3)}},
		{"a step, after the end", 3, 3, []video.Event{part(3), part(4), part(5)}},
		{"a step, after a failure", 3, 3, []video.Event{down}},
		{"the end, after a failure", 5, 5, []video.Event{down}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := begun(t)
			y := yesterday{Memory: w.rows}
			for n := range row.seen {
				w.deliver(t, part(n))
			}
			y.row = w.row(t)
			for n := range row.last + 1 {
				y.results = append(y.results, part(n).Result)
			}
			for _, e := range row.meanwhile {
				w.deliver(t, e)
			}
			want := w.texts(t)
			p := w.publisher()
			p.Rows = y
			_, err := p.Handle(t.Context(), events.Of("acme", "vid_1", noon, part(row.last)))
			if errs.KindOf(err) != errs.Conflict {
				t.Errorf("got %v, want Conflict", err)
			}
			if diff := cmp.Diff(want, w.texts(t)); diff != "" {
				t.Errorf("it has written: %s", diff)
			}
		})
	}
}

// A video fails after it was playable: nobody can begin it, and who is watching comes to an end.
func TestPromise05_WhatFailsIsClosed(t *testing.T) {
	t.Parallel()
	other := part(5)
	other.Result.Tracks[0].Init = "of another encoder"
	for name, last := range map[string]video.Event{
		"a task fails":                 video.TaskFailed{At: noon, Task: movie.Tasks()[5], Problem: errs.Problem{Code: "decode_failed", Message: "No."}},
		"the last result does not fit": other,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begun(t)
			for n := range 5 {
				w.deliver(t, part(n))
			}
			before := w.texts(t)
			for range 2 { // it may come twice
				if out := w.deliver(t, last); len(out) != 1 || out[0].Type != events.VideoFailed {
					t.Errorf("says %v", out)
				}
			}
			if v := w.row(t); v.State != video.Failed {
				t.Errorf("%s", v.State)
			}
			want := maps.Clone(before)
			want["master.m3u8"] = media.Closed
			for _, name := range []string{"360p/index.m3u8", "audio/index.m3u8"} {
				want[name] += media.End
			}
			if diff := cmp.Diff(want, w.texts(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Publish dies when the row says failed and a playlist does not yet: the message that comes again mends it.
func TestPromise05_ClosingIsMended(t *testing.T) {
	t.Parallel()
	w := begun(t)
	for n := range 5 {
		w.deliver(t, part(n))
	}
	down := events.Of("acme", "vid_1", noon, video.TaskFailed{At: noon, Task: movie.Tasks()[5], Problem: errs.Problem{Code: "decode_failed", Message: "No."}})
	for _, left := range []int{0, 1, 1} {
		p := w.publisher()
		p.Media = &tired{Playlists: w.media, left: left}
		if out, err := p.Handle(t.Context(), down); err == nil || out != nil {
			t.Errorf("with %d writes: says %v, %v", left, out, err)
		}
	}
	w.deliver(t, down.Data.(video.Event))
	for name, text := range w.texts(t) {
		if !strings.HasSuffix(text, media.End) && text != media.Closed {
			t.Errorf("%s is open:\n%s", name, text)
		}
	}
}

// Closing begins with the master, and that is not opened again by a writer that was held up at the end.
func TestPromise05_WhatIsClosedStaysClosed(t *testing.T) {
	t.Parallel()
	w := begun(t)
	y := yesterday{Memory: w.rows}
	for n := range 5 {
		w.deliver(t, part(n))
	}
	y.row = w.row(t)
	for n := range 6 {
		y.results = append(y.results, part(n).Result)
	}
	p := w.publisher()
	p.Media = &tired{Playlists: w.media, left: 1}
	down := events.Of("acme", "vid_1", noon, video.TaskFailed{At: noon, Task: movie.Tasks()[5], Problem: errs.Problem{Code: "decode_failed", Message: "No."}})
	if _, err := p.Handle(t.Context(), down); err == nil {
		t.Error("it was not tired")
	}
	p = w.publisher()
	p.Rows = y
	_, err := p.Handle(t.Context(), events.Of("acme", "vid_1", noon, part(5)))
	if got := w.texts(t)[media.MasterName]; errs.KindOf(err) != errs.Conflict || got != media.Closed {
		t.Errorf("%v, and the master is\n%s", err, got)
	}
}

// tired fails after some writes.
type tired struct {
	publish.Playlists
	left int
}

func (f *tired) Replace(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Meta) error {
	if f.left--; f.left < 0 {
		return errs.E("tired", errs.Transient, nil)
	}
	return f.Playlists.Replace(ctx, key, etag, body, m)
}

// What is shown does not fit while more is to come: whatever fails behind the row, the message that comes again says that
// the video has failed, and those that come later do not.
func TestPromise05_AFailureHalfwayIsTold(t *testing.T) {
	t.Parallel()
	w := begun(t)
	for n := range 4 {
		w.deliver(t, part(n))
	}
	other := part(4)
	other.Result.Tracks[0].Init = "of another encoder"
	p := w.publisher()
	p.Media = &tired{Playlists: w.media}
	if out, err := p.Handle(t.Context(), events.Of("acme", "vid_1", noon, other)); err == nil || out != nil || w.row(t).State != video.Failed {
		t.Fatalf("says %v, %v, and is %s", out, err, w.row(t).State)
	}
	for range 2 {
		if out := w.deliver(t, other); len(out) != 1 || out[0].Type != events.VideoFailed {
			t.Errorf("says %v", out)
		}
	}
	if got := w.texts(t)[media.MasterName]; got != media.Closed {
		t.Errorf("anybody may begin:\n%s", got)
	}
	if out := w.deliver(t, part(5)); len(out) > 0 {
		t.Errorf("says %v of another task", out)
	}
}
