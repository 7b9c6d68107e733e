package publish_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"sluice/events"
	"sluice/functions/publish"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/blob/blobtest"
	"sluice/shared/platform/store"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const playbackID = "pabcdefgh234567abcdefgh234567abcd"

var testPlan = video.Plan{
	Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 200, 310}, Audio: true,
	Renditions: []video.Rendition{
		{Name: "720p", Width: 1280, Height: 720, Bitrate: 3e6}, {Name: "360p", Width: 640, Height: 360, Bitrate: 1e6},
	},
}

func newMediaInspected() video.Event {
	return video.MediaInspected{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: "e1", Plan: testPlan,
		Media: video.Media{Width: 1280, Height: 720, Rate: testPlan.Rate, Frames: 310},
	}
}

// newEncodeDone returns the event that ends a task of testPlan.
func newEncodeDone(t video.Task) video.Event {
	r := video.Result{Task: t}
	track := func(name, codec string, scale, frames int, segments ...int64) {
		tr := video.Track{Name: name, Codec: codec, InitHash: "i-" + name, Timescale: scale}
		for _, ticks := range segments {
			tr.Segments = append(tr.Segments, video.Segment{Bytes: 1000, Ticks: ticks})
		}
		r.Frames, r.Tracks = frames, append(r.Tracks, tr)
	}
	switch {
	case t.Kind == video.AudioTask:
		track("audio", "mp4a.40.2", 48000, 0, 96256, 96256, 96256, 96256, 96256, 96256, 17664)
	case t.Last:
		track("720p", "avc1.64001f", 12800, 110, 25600, 25600, 5120)
		track("360p", "avc1.64001e", 12800, 110, 25600, 25600, 5120)
	default:
		track("720p", "avc1.64001f", 12800, 200, 25600, 25600, 25600, 25600)
		track("360p", "avc1.64001e", 12800, 200, 25600, 25600, 25600, 25600)
	}
	return video.EncodeDone{At: noon.Add(time.Minute), Result: r}
}

// publishEnv is a VideoOwner's table and media bucket in memory, with one video.
type publishEnv struct {
	table store.Store
	media *blob.Memory
}

func newPublishEnv(t interface{ Fatal(...any) }) *publishEnv {
	env := &publishEnv{table: store.NewMemory(), media: &blob.Memory{}}
	v := video.Video{
		Tenant: "acme", ID: "vid_1", Playback: playbackID, State: video.Waiting, Version: 1,
		Source: video.Source{Key: "t/acme/vid_1/source", Size: 1}, Times: video.Times{Created: noon},
	}
	if err := env.table.CreateVideo(
		context.Background(), v, video.Upload{Tenant: "acme", ID: "upl_1", Video: "vid_1"},
	); err != nil {
		t.Fatal(err)
	}
	return env
}

func (env *publishEnv) newOwner() publish.VideoOwner {
	now := func() time.Time { return noon.Add(time.Hour) }
	share := publish.FairShare{Limits: env.table, WaitQueue: env.table, Videos: env.table, MaxInFlight: 100, Now: now}
	return publish.VideoOwner{
		Videos: env.table, Tasks: env.table, Playlists: env.media, DenyList: env.table, FairShare: share, Now: now,
		Log: slog.New(slog.DiscardHandler),
	}
}

// deliverEvent gives an event to a VideoOwner and returns the events that follow.
func (env *publishEnv) deliverEvent(t interface{ Fatal(...any) }, d video.Event) []events.Event {
	out, err := env.newOwner().Handle(context.Background(), events.New("acme", "vid_1", noon, d))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (env *publishEnv) readVideo(t interface{ Fatal(...any) }) video.Video {
	v, err := env.table.LoadVideo(context.Background(), "acme", "vid_1")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// readPlaylists returns every playlist by its name.
func (env *publishEnv) readPlaylists(t interface{ Fatal(...any) }) map[string]string {
	return blobtest.ReadObjects(t, env.media, playback.ObjectPrefix(playbackID))
}

func allEvents() []video.Event {
	es := []video.Event{video.UploadCompleted{At: noon}, newMediaInspected()}
	for _, t := range testPlan.Tasks() {
		es = append(es, newEncodeDone(t))
	}
	return es
}

func TestAllTasksDoneMakesVideoReady(t *testing.T) {
	env := newPublishEnv(t)
	var last []events.Event
	for _, e := range allEvents() {
		if n := len(env.media.ListKeys("")); n > 0 {
			t.Fatalf("%d playlists before all tasks are done", n)
		}
		last = env.deliverEvent(t, e)
	}
	v := env.readVideo(t)
	if v.State != video.Ready || v.Times.Ready.IsZero() || len(v.Done) != 3 {
		t.Errorf("row %+v", v)
	}
	if got := slices.Sorted(maps.Keys(env.readPlaylists(t))); !slices.Equal(
		got, []string{"360p/index.m3u8", "720p/index.m3u8", "audio/index.m3u8", "master.m3u8"},
	) {
		t.Errorf("objects %v", got)
	}
	if len(last) != 2 || last[0].Type != events.VideoPlayable || last[1].Type != events.VideoReady {
		t.Errorf("events %v", last)
	}
}

func TestMismatchedRenditionsFailVideo(t *testing.T) {
	env := newPublishEnv(t)
	es := allEvents()
	last := es[len(es)-1].(video.EncodeDone)
	last.Result.Tracks[0].InitHash = "of another encoder"
	es[len(es)-1] = last
	for _, e := range es {
		env.deliverEvent(t, e)
	}
	if v := env.readVideo(t); v.State != video.Failed || v.Problem.Code == "" || v.Problem.Code == "internal" {
		t.Errorf("%s %v, want failed with a code", v.State, v.Problem)
	}
	if got := env.media.ListKeys(""); len(got) > 0 {
		t.Errorf("objects %v, want none", got)
	}
	if out := env.deliverEvent(t, last); len(out) != 1 || out[0].Type != events.VideoFailed {
		t.Errorf("a redelivery returns %v, want VideoFailed: the first delivery may have died before it was sent", out)
	}
}

func TestTaskOutsidePlanIsRejected(t *testing.T) {
	env := newPublishEnv(t)
	for _, e := range allEvents()[:2] {
		env.deliverEvent(t, e)
	}
	foreign := video.EncodeDone{At: noon, Result: video.Result{Task: video.Task{Number: 7, Kind: video.VideoTask}}}
	if _, err := env.newOwner().Handle(
		t.Context(), events.New("acme", "vid_1", noon, foreign),
	); errs.KindOf(err) != errs.Invalid {
		t.Errorf("got %v, want Invalid", err)
	}
	if v := env.readVideo(t); len(v.Done) > 0 {
		t.Errorf("done: %v", v.Done)
	}
}

func TestEventOfUnknownVideoIsNotFound(t *testing.T) {
	env := newPublishEnv(t)
	_, err := env.newOwner().Handle(t.Context(), events.New("other", "vid_1", noon, video.UploadCompleted{At: noon}))
	if errs.KindOf(err) != errs.NotFound {
		t.Errorf("got %v, want NotFound", err)
	}
}
