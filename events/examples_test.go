package events_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/command"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

var addFlag = flag.Bool("add", false, "write the examples that are not there yet, and their sums")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	tenant     = "acme"
	id         = "vid_01KANV8F7T9GQ2Z5W3X1Y0B4CD"
	playbackID = "pabcdefgh234567abcdefgh234567abcd"
	etag       = "9b2cf535f27731c974343645a3985328-3"
	initSum    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var (
	refusal     = errs.Problem{Code: "no_video", Message: "The file has no video stream; send one with pictures."}
	silentMedia = video.Media{
		Container: "mov", VideoCodec: "h264", Width: 1280, Height: 720, Rate: video.Rate{Num: 25, Den: 1},
		Frames: 310, TimeBase: video.Rate{Num: 1, Den: 12800}, Duration: 12.4,
	}
	soundMedia = video.Media{
		Container: "matroska", VideoCodec: "mpeg2video", AudioCodec: "ac3", Width: 1024, Height: 576,
		Rate:   video.Rate{Num: 30000, Den: 1001},
		Frames: 1000, Start: -1024, TimeBase: video.Rate{Num: 1, Den: 90000}, Duration: 33.366666666666667,
		Interlaced: true,
	}
	p720      = video.Rendition{Name: "720p", Width: 1280, Height: 720, Bitrate: 2_534_000}
	p480      = video.Rendition{Name: "480p", Width: 854, Height: 480, Bitrate: 1_474_000}
	p360      = video.Rendition{Name: "360p", Width: 640, Height: 360, Bitrate: 1_036_000}
	shortPlan = video.Plan{
		Rate: silentMedia.Rate, SegmentFrames: 50, Borders: []int{0, 310}, Renditions: []video.Rendition{p720},
	}
	longPlan = video.Plan{
		Rate: soundMedia.Rate, SegmentFrames: 60, Borders: []int{0, 240, 480, 720, 1000},
		Renditions: []video.Rendition{p480, p360}, Audio: true,
	}
	sourceFile = video.Source{
		Key: "t/" + tenant + "/" + id + "/source", Name: "Urlaub, Tag 3 (gekürzt).mkv", ContentType: "video/x-matroska",
		Size: 73_400_320, ETag: etag,
	}
	storedObject  = video.StoredObject{Size: 73_400_320, ETag: etag, At: noon.Add(-time.Minute)}
	unnamedSource = video.Source{Key: sourceFile.Key, Size: 1, ETag: etag}
	remuxed       = video.Copy{ETag: etag[:32] + "-5", Size: 72_900_000, Rate: soundMedia.Rate}
	remuxedFile   = video.Source{
		Key: sourceFile.Key, Name: sourceFile.Name, ContentType: sourceFile.ContentType, Size: sourceFile.Size,
		ETag: etag, Copy: &remuxed,
	}
)

// soundInChunks returns a plan with the audio in its chunks.
func soundInChunks(p video.Plan) video.Plan {
	p.AudioInChunks = true
	return p
}

func newTrack(name, codec string, scale int, s ...video.Segment) video.Track {
	return video.Track{Name: name, Codec: codec, InitHash: initSum, Timescale: scale, Segments: s}
}

// samples are the domain events that the examples were made from. A new sample needs a new example: go test -add.
var samples = map[string]any{
	"upload.completed.v1/minimal": video.UploadCompleted{At: noon},
	"upload.completed.v1/full":    video.UploadCompleted{At: noon.Add(123456789)},
	"upload.requested.v1/minimal": video.UploadRequested{Origin: video.Origin{Bucket: "acme-masters", Key: "a"}},
	"upload.requested.v1/full": video.UploadRequested{
		Origin: video.Origin{Bucket: "acme-masters", Key: "2026/Urlaub, Tag 3 (gekürzt).mkv", ETag: etag},
		Title:  "Urlaub, Tag 3", FileName: "Urlaub, Tag 3 (gekürzt).mkv", ContentType: "video/x-matroska",
		ExternalID: "film/4711", Metadata: map[string]string{"season": "1", "director_s_cut": "ja"},
	},
	"upload.requested.v1/words": video.UploadRequested{
		Origin: video.Origin{Bucket: "acme-masters", Key: "a"}, Metadata: map[string]string{"Season.1-a": "A b"},
	},
	"upload.requested.v1/url": video.UploadRequested{
		Origin: video.Origin{URL: "https://media.example.com/a.mp4?x=%20"},
	},
	"command.describe.v1/minimal": command.Describe{Video: id},
	"command.describe.v1/full": command.Describe{
		Video: id, Title: new("Urlaub, Tag 3"), ExternalID: new("film/4711"),
		Metadata: map[string]string{"season": "1"},
	},
	"command.describe.v1/empty": command.Describe{
		Video: id, Title: new(""), ExternalID: new(""), Metadata: map[string]string{},
	},
	"command.unpublish.v1/minimal":   command.Unpublish{Video: id},
	"command.unpublish.v1/full":      command.Unpublish{Video: "vid_1"},
	"command.publish.v1/minimal":     command.Publish{Video: id},
	"command.publish.v1/full":        command.Publish{Video: "vid_1"},
	"unpublish.requested.v1/minimal": video.UnpublishRequested{At: noon},
	"unpublish.requested.v1/full":    video.UnpublishRequested{At: noon.Add(123456789)},
	"publish.requested.v1/minimal":   video.PublishRequested{At: noon},
	"publish.requested.v1/full":      video.PublishRequested{At: noon.Add(123456789)},
	"video.unpublished.v1/minimal":   video.VideoUnpublished{Playback: playbackID, At: noon},
	"video.unpublished.v1/full":      video.VideoUnpublished{Playback: "s" + playbackID[1:], At: noon.Add(123456789)},
	"video.published.v1/minimal":     video.VideoPublished{Playback: playbackID, At: noon},
	"video.published.v1/full":        video.VideoPublished{Playback: "s" + playbackID[1:], At: noon.Add(123456789)},
	"video.command-rejected.v1/minimal": video.CommandRejected{
		Command: "command.delete.v1", Source: "urn:acme:archive", ID: "4711",
		Problem: errs.Problem{Code: "x", Message: "No."},
	},
	"video.command-rejected.v1/full": video.CommandRejected{
		Command: "upload.requested.v1", Source: "urn:acme:archive", ID: "4712", Problem: refusal,
	},
	"command.delete.v1/minimal":   command.Delete{Video: id},
	"command.delete.v1/full":      command.Delete{Video: "vid_1"},
	"upload.cancelled.v1/minimal": video.UploadCancelled{At: noon},
	"upload.cancelled.v1/full":    video.UploadCancelled{At: noon.Add(123456789)},
	"fetch.requested.v1/minimal": video.FetchRequested{
		Origin: video.Origin{URL: "https://example.com/"}, Key: sourceFile.Key, MultipartID: "2",
	},
	"fetch.requested.v1/full": video.FetchRequested{
		Origin: video.Origin{Bucket: "acme-masters", Key: "2026/a b+c.mkv", ETag: etag}, Key: sourceFile.Key,
		MultipartID: "2~abc.def_",
	},
	"fetch.failed.v1/minimal": video.FetchFailed{At: noon, Problem: errs.Problem{Code: "x", Message: "No."}},
	"fetch.failed.v1/full":    video.FetchFailed{At: noon.Add(time.Second), Problem: refusal},
	"inspect.requested.v1/minimal": video.InspectRequested{
		Key: sourceFile.Key, Stored: video.StoredObject{ETag: "e1", At: noon},
	},
	"inspect.requested.v1/full": video.InspectRequested{Key: sourceFile.Key, Stored: storedObject},
	"inspect.requested.v1/copy": video.InspectRequested{
		Key: sourceFile.Key, Stored: storedObject, Copy: &remuxed,
	},
	"inspect.requested.v1/whole": video.InspectRequested{Key: sourceFile.Key, Stored: storedObject, Whole: true},
	"deadline.passed.v1/minimal": video.DeadlinePassed{At: noon, State: video.Waiting, Deadline: noon},
	"deadline.passed.v1/queued": video.DeadlinePassed{
		At: noon.Add(time.Hour), State: video.Processing, Deadline: noon, QueueBusy: true, Queued: true,
	},
	"deadline.passed.v1/full": video.DeadlinePassed{
		At: noon.Add(time.Hour), State: video.Uploaded, Deadline: noon, Stored: &storedObject, QueueBusy: true,
	},
	"delete.requested.v1/minimal": video.DeleteRequested{At: noon},
	"delete.requested.v1/full":    video.DeleteRequested{At: noon.Add(123456789)},
	"sweep.requested.v1/minimal":  video.PurgeRequested{Playback: playbackID, Round: 1},
	"sweep.requested.v1/full":     video.PurgeRequested{Playback: "s" + playbackID[1:], Round: 3},
	"sweep.done.v1/minimal":       video.PurgeDone{At: noon, Round: 1},
	"sweep.done.v1/full":          video.PurgeDone{At: noon.Add(time.Minute), Round: 2},
	"video.cancelled.v1/minimal":  video.VideoCancelled{},
	"video.cancelled.v1/full":     video.VideoCancelled{},
	"video.ready.v1/correlated":   video.VideoReady{Playback: playbackID, Duration: 12.4},
	"video.deleted.v1/minimal":    video.VideoDeleted{},
	"video.deleted.v1/full":       video.VideoDeleted{},
	"media.inspected.v1/minimal": video.MediaInspected{
		UploadedAt: noon, At: noon, ETag: "e1", Media: silentMedia, Plan: shortPlan,
	},
	"media.inspected.v1/full": video.MediaInspected{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: etag, Media: soundMedia, Plan: longPlan,
	},
	"media.inspected.v1/sound-in-chunks": video.MediaInspected{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: etag, Media: soundMedia, Plan: soundInChunks(longPlan),
	},
	"media.inspected.v1/copy": video.MediaInspected{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: etag, Media: soundMedia, Plan: longPlan, Copy: &remuxed,
	},
	"media.unindexed.v1/minimal": video.MediaUnindexed{
		UploadedAt: noon, At: noon, ETag: "e1", Size: 1,
		Streams: video.Streams{Container: "flv"},
	},
	"media.unindexed.v1/full": video.MediaUnindexed{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: etag, Size: 123456789,
		Streams: video.Streams{Container: "matroska", AudioCodec: "aac", Rate: soundMedia.Rate},
	},
	"remux.requested.v1/minimal": video.RemuxRequested{
		UploadedAt: noon, Source: unnamedSource, Streams: video.Streams{Container: "flv"},
	},
	"remux.requested.v1/full": video.RemuxRequested{
		UploadedAt: noon, Source: sourceFile,
		Streams: video.Streams{Container: "matroska", AudioCodec: "aac", Rate: soundMedia.Rate},
	},
	"remux.done.v1/minimal": video.RemuxDone{At: noon, ETag: "e1"},
	"remux.done.v1/full":    video.RemuxDone{At: noon.Add(time.Second), ETag: etag, Copy: &remuxed},
	"media.refused.v1/minimal": video.MediaRefused{
		UploadedAt: noon, At: noon, Problem: errs.Problem{Code: "x", Message: "No."},
	},
	"media.refused.v1/full": video.MediaRefused{UploadedAt: noon, At: noon.Add(time.Second), Problem: refusal},
	"media.refused.v1/sized": video.MediaRefused{
		UploadedAt: noon, At: noon.Add(time.Second), Size: sourceFile.Size, Problem: refusal,
	},
	"media.refused.v1/remux": video.MediaRefused{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: etag, Problem: refusal,
	},
	"encode.requested.v1/minimal": video.EncodeRequested{
		Task: shortPlan.Tasks()[0], Plan: shortPlan, Media: silentMedia, Source: unnamedSource, Playback: playbackID,
	},
	"encode.requested.v1/full": video.EncodeRequested{
		Task: longPlan.Tasks()[2], Plan: longPlan.Outline(), Media: soundMedia, Source: sourceFile,
		Playback: playbackID,
	},
	"encode.requested.v1/sound": video.EncodeRequested{
		Task: longPlan.Tasks()[0], Plan: longPlan.Outline(), Media: soundMedia, Source: sourceFile,
		Playback: playbackID,
	},
	"encode.requested.v1/sound-in-chunks": video.EncodeRequested{
		Task: soundInChunks(longPlan).Tasks()[1], Plan: soundInChunks(longPlan).Outline(), Media: soundMedia,
		Source: sourceFile, Playback: playbackID,
	},
	"encode.requested.v1/copy": video.EncodeRequested{
		Task: longPlan.Tasks()[2], Plan: longPlan.Outline(), Media: soundMedia, Source: remuxedFile,
		Playback: playbackID,
	},
	"encode.requested.v1/bulk": video.EncodeRequested{
		Task: longPlan.Tasks()[2], Plan: longPlan.Outline(), Media: soundMedia, Source: sourceFile,
		Playback: playbackID, Lane: video.Bulk,
	},
	"encode.done.v1/minimal": video.EncodeDone{
		At: noon,
		Result: video.Result{
			Task: shortPlan.Tasks()[0], Frames: 1,
			Tracks: []video.Track{newTrack("720p", "avc1.64001f", 12800, video.Segment{Bytes: 1, Ticks: 1})},
		},
	},
	"encode.done.v1/full": video.EncodeDone{
		At: noon.Add(time.Minute),
		Result: video.Result{
			Task: longPlan.Tasks()[2], Frames: 240,
			Tracks: []video.Track{
				newTrack("480p", "avc1.64001f", 30000, chunk...), newTrack("360p", "avc1.64001e", 30000, chunk...),
			},
		},
	},
	"encode.done.v1/sound": video.EncodeDone{
		At: noon.Add(time.Minute),
		Result: video.Result{
			Task: longPlan.Tasks()[0], Tracks: []video.Track{newTrack("audio", "mp4a.40.2", 48000, chunk...)},
		},
	},
	"encode.done.v1/sound-in-chunks": video.EncodeDone{
		At: noon.Add(time.Minute),
		Result: video.Result{
			Task: soundInChunks(longPlan).Tasks()[1], Frames: 240,
			Tracks: []video.Track{
				newTrack("480p", "avc1.64001f", 30000, chunk...), newTrack("audio", "mp4a.40.2", 48000, chunk...),
			},
		},
	},
	"encode.done.v1/timed": video.EncodeDone{
		Started: noon, At: noon.Add(time.Minute),
		Result: video.Result{
			Task: shortPlan.Tasks()[0], Frames: 1,
			Tracks: []video.Track{newTrack("720p", "avc1.64001f", 12800, video.Segment{Bytes: 1, Ticks: 1})},
		},
	},
	"encode.failed.v1/minimal": video.EncodeFailed{At: noon, Task: shortPlan.Tasks()[0], Problem: refusal},
	"encode.failed.v1/full": video.EncodeFailed{
		At: noon.Add(time.Minute), Task: longPlan.Tasks()[4], Problem: refusal,
	},
	"video.processing.v1/minimal": video.VideoProcessing{Media: silentMedia, Tasks: 1},
	"video.processing.v1/full":    video.VideoProcessing{Media: soundMedia, Tasks: 5},
	"video.playable.v1/minimal":   video.VideoPlayable{Playback: playbackID},
	"video.playable.v1/full":      video.VideoPlayable{Playback: "s" + playbackID[1:], Duration: 7200.1},
	"deadline.passed.v1/playable": video.DeadlinePassed{At: noon.Add(time.Hour), State: video.Playable, Deadline: noon},
	"video.ready.v1/minimal":      video.VideoReady{Playback: playbackID},
	"video.ready.v1/full":         video.VideoReady{Playback: "s" + playbackID[1:], Duration: 33.366666666666667},
	"video.failed.v1/minimal":     video.VideoFailed{Problem: errs.Problem{Code: "x", Message: "No."}},
	"video.failed.v1/full":        video.VideoFailed{Problem: refusal},
}

var chunk = []video.Segment{
	{Bytes: 312_410, Ticks: 60_060}, {Bytes: 298_004, Ticks: 60_060}, {Bytes: 301_777, Ticks: 60_060},
	{Bytes: 150_002, Ticks: 30_030},
}

// sampleEvent returns the event of a sample. All but the minimal ones have a trace header.
func sampleEvent(name string) events.Event {
	e := newEnvelope(samples[name])
	if strings.HasSuffix(name, "/correlated") {
		e.Correlation = "order-4711"
	}
	if !strings.HasSuffix(name, "/minimal") {
		e.Trace = "Root=1-6921a8c0-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1"
	}
	return e
}

// newEnvelope returns the event of a domain event or, as a producer would write it, of a request.
func newEnvelope(data any) events.Event {
	if told, ok := data.(video.Event); ok {
		return events.New(tenant, id, noon, told)
	}
	typ := events.UploadRequested
	switch data.(type) {
	case command.Describe:
		typ = events.CommandDescribe
	case command.Unpublish:
		typ = events.CommandUnpublish
	case command.Publish:
		typ = events.CommandPublish
	case command.Delete:
		typ = events.CommandDelete
	}
	return events.Event{
		ID: "4711", Type: typ, Source: "urn:acme:archive", Time: noon, Correlation: "order-4711",
		Data: data,
	}
}

// readExamples returns the content of all committed examples by name.
func readExamples(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	names, err := filepath.Glob("examples/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if out[strings.TrimPrefix(filepath.ToSlash(name), "examples/")], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

const manifest = "examples/manifest"

func TestPromise09_ExamplesAreNeverChanged(t *testing.T) {
	if *addFlag {
		writeExamples(t)
	}
	b, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	have, listed := readExamples(t), map[string]bool{}
	for line := range strings.Lines(string(b)) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if got := sumHex(have[name]); got != want {
			t.Errorf("%s was changed or deleted: add another one instead", name)
		}
		listed[name] = true
	}
	for name := range have {
		if !listed[name] {
			t.Errorf("%s is not in the manifest: go test ./events -add", name)
		}
	}
}

func sumHex(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// writeExamples writes the examples that are missing, and the manifest. It changes no existing example.
func writeExamples(t *testing.T) {
	t.Helper()
	for name := range samples {
		file := "examples/" + name + ".json"
		if _, err := os.Stat(file); err == nil {
			continue
		}
		b, err := events.Encode(sampleEvent(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(path.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(manifest)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(old)))
	for name, b := range readExamples(t) {
		if !strings.Contains(string(old), "  "+name+"\n") {
			lines = append(lines, fmt.Sprintf("%s  %s\n", sumHex(b), name))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[66:], b[66:]) })
	if err := os.WriteFile(manifest, []byte(strings.Join(lines, "")), fs.FileMode(0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestPromise09_EveryExampleDecodes(t *testing.T) {
	count := map[string]int{}
	for name, b := range readExamples(t) {
		typ := path.Dir(name)
		count[typ]++
		t.Run(name, func(t *testing.T) {
			if events.Type(typ) == events.ObjectCreated {
				checkS3Example(t, name, b)
				return
			}
			e, err := events.Decode(b)
			if err != nil || string(e.Type) != typ {
				t.Fatalf("%q, %v", e.Type, err)
			}
			again, err := events.Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			same, err := events.Decode(again)
			if diff := cmp.Diff(e, same); diff != "" || err != nil {
				t.Errorf("it changes when it is encoded and decoded: %v %s", err, diff)
			}
		})
	}
	for _, typ := range append(events.ListTypes(), events.ObjectCreated) {
		if count[string(typ)] < 2 {
			t.Errorf("%s has %d examples, want 2 or more", typ, count[string(typ)])
		}
	}
}

// checkS3Example decodes an example of an S3 notification. All but those named test list an object.
func checkS3Example(t *testing.T, name string, b []byte) {
	t.Helper()
	created, ok, err := events.DecodeS3Notification(b)
	if err != nil || !ok {
		t.Fatalf("recognized %v, %v", ok, err)
	}
	if ignored := path.Base(name) == "test.json"; (len(created) == 0) != ignored {
		t.Errorf("lists %v", created)
	}
}

// The examples decode to the samples, so that no field is silently read from another member.
func TestExamplesMatchSamples(t *testing.T) {
	have := readExamples(t)
	for name := range samples {
		got, err := events.Decode(have[name+".json"])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(sampleEvent(name), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
