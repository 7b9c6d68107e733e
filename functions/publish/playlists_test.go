package publish_test

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

// longPlan is a plan of 40 seconds: five chunks and the audio.
var longPlan = video.Plan{
	Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 200, 400, 600, 800, 1000}, Audio: true,
	Renditions: []video.Rendition{{Name: "360p", Width: 640, Height: 360, Bitrate: 1e6}},
}

// newInspectedEnv returns an env in which a video with longPlan is inspected.
func newInspectedEnv(t *testing.T) *publishEnv {
	env := newPublishEnv(t)
	env.deliverEvent(
		t,
		video.MediaInspected{
			UploadedAt: noon, At: noon, ETag: "e1", Plan: longPlan,
			Media: video.Media{Width: 640, Height: 360, Rate: longPlan.Rate, Frames: 1000},
		},
	)
	return env
}

// newLongEncodeDone returns the event that ends task n of longPlan.
func newLongEncodeDone(n int) video.EncodeDone {
	task := longPlan.Tasks()[n]
	track := video.Track{Name: "360p", Codec: "avc1.64001e", InitHash: "i", Timescale: 12800}
	ticks, segments := int64(25600), 4
	if task.Kind == video.AudioTask {
		track, ticks, segments = video.Track{
			Name: "audio", Codec: "mp4a.40.2", InitHash: "a", Timescale: 48000,
		}, 96000, 20
	}
	track.Segments = slices.Repeat([]video.Segment{{Bytes: 1000, Ticks: ticks}}, segments)
	return video.EncodeDone{
		At: noon.Add(time.Duration(n+1) * time.Second), Result: video.Result{Task: task, Tracks: []video.Track{track}},
	}
}

func TestPromise05_PlaylistsGrow(t *testing.T) {
	t.Parallel()
	env := newInspectedEnv(t)
	var got []string
	before := map[string]string{}
	for _, n := range []int{0, 2, 1, 4, 3, 5} {
		var types []string
		for _, e := range env.deliverEvent(t, newLongEncodeDone(n)) {
			types = append(types, string(e.Type))
		}
		texts := env.readPlaylists(t)
		for name, text := range before {
			if name != media.MasterName && !strings.HasPrefix(texts[name], text) {
				t.Errorf("%s: after\n%s\ncomes\n%s", name, text, texts[name])
			}
		}
		before = texts
		v := env.readVideo(t)
		lists := strings.Count(texts["360p/index.m3u8"], ".m4s")
		if lists*50 != v.ListedFrames && v.State != video.Ready {
			t.Errorf("%d segments are listed, but the row has %d frames", lists, v.ListedFrames)
		}
		got = append(got, strings.Join(append([]string{string(v.State), strings.Repeat("=", lists)}, types...), " "))
	}
	want := []string{
		"processing ", "processing ", "playable ======== video.playable.v1", "playable ========",
		"playable ================",
		"ready ==================== video.ready.v1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, text := range before {
		if ended := strings.HasSuffix(text, media.EndTag); ended != (name != media.MasterName) {
			t.Errorf("%s ended: %t\n%s", name, ended, text)
		}
	}
}

// A worker of an older version makes no audio in a chunk: its result does not finish the task.
func TestTaskWithoutItsAudioIsNotFinished(t *testing.T) {
	t.Parallel()
	env := newPublishEnv(t)
	p := longPlan
	p.AudioInChunks = true
	env.deliverEvent(t, video.MediaInspected{
		UploadedAt: noon, At: noon, ETag: "e1", Plan: p,
		Media: video.Media{Width: 640, Height: 360, Rate: p.Rate, Frames: 1000},
	})
	done := newLongEncodeDone(1)
	done.Result.Task = p.Tasks()[0]
	_, err := env.newOwner().Handle(t.Context(), events.New("acme", "vid_1", noon, done))
	if errs.KindOf(err) != errs.Invalid || len(env.readVideo(t).Done) != 0 {
		t.Errorf("%v, %v are done", err, env.readVideo(t).Done)
	}
	sound := newLongEncodeDone(0).Result.Tracks[0]
	sound.Segments = sound.Segments[:4]
	done.Result.Tracks = append(done.Result.Tracks, sound)
	env.deliverEvent(t, done)
	if got := env.readVideo(t).Done; !got[0] {
		t.Errorf("%v are done", got)
	}
}

// cacheRecorder records the Cache-Control headers of objects.
type cacheRecorder struct {
	*blob.Memory
	cacheControl map[string][]string
}

func (c cacheRecorder) ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata) error {
	name := key[strings.LastIndex(key[:strings.LastIndex(key, "/")], "/")+1:]
	c.cacheControl[name] = append(c.cacheControl[name], m.CacheControl)
	return c.Memory.ReplaceObject(ctx, key, etag, body, m)
}

func TestGrowingPlaylistsAreCachedForSeconds(t *testing.T) {
	t.Parallel()
	env := newInspectedEnv(t)
	c := cacheRecorder{env.media, map[string][]string{}}
	for n := range longPlan.TaskCount() {
		p := env.newOwner()
		p.Playlists = c
		if _, err := p.Handle(t.Context(), events.New("acme", "vid_1", noon, newLongEncodeDone(n))); err != nil {
			t.Fatal(err)
		}
	}
	brief, long := "public, max-age=2", "public, max-age=300"
	want := map[string][]string{
		"360p/index.m3u8": {brief, brief, brief, long}, "audio/index.m3u8": {brief, brief, brief, long},
		playbackID + "/master.m3u8": {brief, long},
	}
	if diff := cmp.Diff(want, c.cacheControl); diff != "" {
		t.Error(diff)
	}
}

// staleTable is the table as a writer has read it before others have written.
type staleTable struct {
	store.Store
	row     video.Video
	results []video.Result
}

func (s staleTable) LoadVideos(_ context.Context, refs ...video.Ref) (map[video.Ref]video.Video, error) {
	return map[video.Ref]video.Video{refs[0]: s.row}, nil
}
func (s staleTable) FinishTasks(context.Context, string, string, int, ...video.EncodeDone) (map[int]bool, error) {
	done := map[int]bool{}
	for _, r := range s.results[:len(s.results)-1] {
		done[r.Task.Number] = true
	}
	return done, nil
}
func (s staleTable) ListTaskResults(context.Context, string, string) ([]video.Result, error) {
	return s.results, nil
}

// A writer that was delayed while others wrote gets a Conflict, whatever it wants to write, and changes nothing.
func TestPromise05_StaleWriterDoesNotOverwritePlaylists(t *testing.T) {
	t.Parallel()
	down := video.EncodeFailed{
		At: noon.Add(time.Minute), Task: longPlan.Tasks()[5],
		Problem: errs.Problem{Code: "decode_failed", Message: "No."},
	}
	for _, row := range []struct {
		name       string
		seen, last int           // how many tasks were done when it read the row, and the task whose event it handles
		meanwhile  []video.Event // events that others have handled since
	}{
		{"a task, after another", 2, 2, []video.Event{newLongEncodeDone(2), newLongEncodeDone(3)}},
		{
			"a task, after the last one", 3, 3,
			[]video.Event{newLongEncodeDone(3), newLongEncodeDone(4), newLongEncodeDone(5)},
		},
		{"a task, after a failure", 3, 3, []video.Event{down}},
		{"the last task, after a failure", 5, 5, []video.Event{down}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			env := newInspectedEnv(t)
			s := staleTable{Store: env.table}
			for n := range row.seen {
				env.deliverEvent(t, newLongEncodeDone(n))
			}
			s.row = env.readVideo(t)
			for n := range row.last + 1 {
				s.results = append(s.results, newLongEncodeDone(n).Result)
			}
			for _, e := range row.meanwhile {
				env.deliverEvent(t, e)
			}
			want := env.readPlaylists(t)
			p := env.newOwner()
			p.Videos, p.Tasks = s, s
			_, err := p.Handle(t.Context(), events.New("acme", "vid_1", noon, newLongEncodeDone(row.last)))
			if errs.KindOf(err) != errs.Conflict {
				t.Errorf("got %v, want Conflict", err)
			}
			if diff := cmp.Diff(want, env.readPlaylists(t)); diff != "" {
				t.Errorf("it has written (-want +got):\n%s", diff)
			}
		})
	}
}

// When a video fails after it was playable, its master playlist lists nothing and the other playlists end.
func TestPromise05_FailedVideoPlaylistsAreClosed(t *testing.T) {
	t.Parallel()
	other := newLongEncodeDone(5)
	other.Result.Tracks[0].InitHash = "of another encoder"
	for name, last := range map[string]video.Event{
		"a task fails": video.EncodeFailed{
			At: noon, Task: longPlan.Tasks()[5], Problem: errs.Problem{Code: "decode_failed", Message: "No."},
		},
		"the last result does not fit": other,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newInspectedEnv(t)
			for n := range 5 {
				env.deliverEvent(t, newLongEncodeDone(n))
			}
			before := env.readPlaylists(t)
			for range 2 { // the event may be delivered twice
				if out := env.deliverEvent(t, last); len(out) != 1 || out[0].Type != events.VideoFailed {
					t.Errorf("events %v", out)
				}
			}
			if v := env.readVideo(t); v.State != video.Failed {
				t.Errorf("%s", v.State)
			}
			want := maps.Clone(before)
			want["master.m3u8"] = media.EmptyMasterPlaylist
			for _, name := range []string{"360p/index.m3u8", "audio/index.m3u8"} {
				want[name] += media.EndTag
			}
			if diff := cmp.Diff(want, env.readPlaylists(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Publish dies after the row was saved as failed and before all playlists are closed: the redelivery closes them.
func TestPromise05_RedeliveryCompletesClosing(t *testing.T) {
	t.Parallel()
	env := newInspectedEnv(t)
	for n := range 5 {
		env.deliverEvent(t, newLongEncodeDone(n))
	}
	down := events.New(
		"acme", "vid_1", noon,
		video.EncodeFailed{
			At: noon, Task: longPlan.Tasks()[5], Problem: errs.Problem{Code: "decode_failed", Message: "No."},
		},
	)
	for _, left := range []int{0, 1, 1} {
		p := env.newOwner()
		p.Playlists = &failingPlaylists{PlaylistStore: env.media, writesLeft: left}
		if out, err := p.Handle(t.Context(), down); err == nil || out != nil {
			t.Errorf("with %d writes: events %v, %v", left, out, err)
		}
	}
	env.deliverEvent(t, down.Data.(video.Event))
	for name, text := range env.readPlaylists(t) {
		if !strings.HasSuffix(text, media.EndTag) && text != media.EmptyMasterPlaylist {
			t.Errorf("%s is open:\n%s", name, text)
		}
	}
}

// Closing begins with the master playlist, which a delayed writer does not replace.
func TestPromise05_ClosedPlaylistsAreNotReopened(t *testing.T) {
	t.Parallel()
	env := newInspectedEnv(t)
	s := staleTable{Store: env.table}
	for n := range 5 {
		env.deliverEvent(t, newLongEncodeDone(n))
	}
	s.row = env.readVideo(t)
	for n := range 6 {
		s.results = append(s.results, newLongEncodeDone(n).Result)
	}
	p := env.newOwner()
	p.Playlists = &failingPlaylists{PlaylistStore: env.media, writesLeft: 1}
	down := events.New(
		"acme", "vid_1", noon,
		video.EncodeFailed{
			At: noon, Task: longPlan.Tasks()[5], Problem: errs.Problem{Code: "decode_failed", Message: "No."},
		},
	)
	if _, err := p.Handle(t.Context(), down); err == nil {
		t.Error("the second write has succeeded")
	}
	p = env.newOwner()
	p.Videos, p.Tasks = s, s
	_, err := p.Handle(t.Context(), events.New("acme", "vid_1", noon, newLongEncodeDone(5)))
	if got := env.readPlaylists(t)[media.MasterName]; errs.KindOf(err) != errs.Conflict ||
		got != media.EmptyMasterPlaylist {
		t.Errorf("%v; the master playlist is\n%s", err, got)
	}
}

// failingPlaylists fails after some writes.
type failingPlaylists struct {
	publish.PlaylistStore
	writesLeft int
}

func (f *failingPlaylists) ReplaceObject(
	ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata,
) error {
	if f.writesLeft--; f.writesLeft < 0 {
		return errs.E("tired", errs.Transient, nil)
	}
	return f.PlaylistStore.ReplaceObject(ctx, key, etag, body, m)
}

// A result does not fit while more results are expected. If publish fails after it has saved the row, the redelivery
// announces the failure, and later events do not.
func TestPromise05_FailureWhileGrowingIsAnnounced(t *testing.T) {
	t.Parallel()
	env := newInspectedEnv(t)
	for n := range 4 {
		env.deliverEvent(t, newLongEncodeDone(n))
	}
	other := newLongEncodeDone(4)
	other.Result.Tracks[0].InitHash = "of another encoder"
	p := env.newOwner()
	p.Playlists = &failingPlaylists{PlaylistStore: env.media}
	if out, err := p.Handle(t.Context(), events.New("acme", "vid_1", noon, other)); err == nil || out != nil ||
		env.readVideo(t).State != video.Failed {
		t.Fatalf("events %v, %v, state %s", out, err, env.readVideo(t).State)
	}
	for range 2 {
		if out := env.deliverEvent(t, other); len(out) != 1 || out[0].Type != events.VideoFailed {
			t.Errorf("events %v", out)
		}
	}
	if got := env.readPlaylists(t)[media.MasterName]; got != media.EmptyMasterPlaylist {
		t.Errorf("the master playlist is not empty:\n%s", got)
	}
	if out := env.deliverEvent(t, newLongEncodeDone(5)); len(out) > 0 {
		t.Errorf("events %v after another task", out)
	}
}
