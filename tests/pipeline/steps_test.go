package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/encode"
	"sluice/functions/inspect"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
)

func TestMain(m *testing.M) {
	ffmpeg.InitSandbox()
	os.Exit(m.Run())
}

const sourceKey = "t/acme/vid_1/source"

// newSourceBucket is a bucket with one original in it, and the event that S3 would send of it.
func newSourceBucket(t *testing.T, body []byte) (*blob.Memory, events.Event) {
	t.Helper()
	b := &blob.Memory{}
	if err := b.PutObject(t.Context(), sourceKey, bytes.NewReader(body), blob.Metadata{}); err != nil {
		t.Fatal(err)
	}
	info, err := b.HeadObject(t.Context(), sourceKey)
	if err != nil {
		t.Fatal(err)
	}
	return b, events.Event{
		ID: "o", Type: events.ObjectCreated, Time: noon, Tenant: "acme", Video: "vid_1",
		Data: events.S3Object{Bucket: "source", Key: sourceKey, Size: info.Size, ETag: info.ETag, At: noon},
	}
}

// fakeTools fail as they are told and never run anything.
type fakeTools struct{ err error }

func (f fakeTools) ProbeStreams(context.Context, string, string, string) ([]byte, error) {
	return nil, f.err
}
func (f fakeTools) ProbePackets(context.Context, string, string, string, float64) ([]byte, error) {
	return nil, f.err
}
func (f fakeTools) Run(context.Context, ffmpeg.Command) error { return f.err }

func fixedNow() time.Time { return noon }

func TestInspectRejectsWithCode(t *testing.T) {
	mp4 := append([]byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom"), "\x00\x00\x00\x08moov\x00\x00\x00\x08mdat"...)
	unreadable := errs.New("ffmpeg.Probe", errs.Invalid, "unreadable", "It can't be read.")
	for _, tt := range []struct {
		name  string
		body  []byte
		tools error
		size  int64
		code  string    // of the refusal that is said
		kind  errs.Kind // of the error, where nothing is said
	}{
		{name: "empty", body: nil, code: "empty"},
		{name: "random", body: bytes.Repeat([]byte{7, 9}, 600), code: "not_a_video"},
		{name: "playlist", body: []byte("#EXTM3U\nfile:///etc/passwd\n"), code: "playlist_refused"},
		{name: "truncated", body: mp4[:22], code: "truncated"},
		{name: "unreadable", body: mp4, tools: unreadable, code: "unreadable"},
		{name: "too large", body: mp4, size: video.MaxSourceBytes + 1, code: "source_too_large"},
		{name: "our fault", body: mp4, tools: errors.New("bug"), kind: errs.Internal},
		{name: "our bad day", body: mp4, tools: errs.E("x", errs.Transient, nil), kind: errs.Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, e := newSourceBucket(t, tt.body)
			if o := e.Data.(events.S3Object); tt.size > 0 {
				o.Size = tt.size
				e.Data = o
			}
			i := inspect.Inspector{Source: b, Tools: fakeTools{tt.tools}, TempDir: t.TempDir(), Now: fixedNow}
			out, err := i.Handle(t.Context(), e)
			if errs.KindOf(err) != tt.kind {
				t.Fatalf("got %v, want kind %q", err, tt.kind)
			}
			if tt.code == "" {
				return
			}
			said, ok := out[0].Data.(video.MediaRefused)
			if !ok || said.Problem.Code != tt.code || said.Problem.Message == "" || !said.UploadedAt.Equal(noon) {
				t.Errorf("said %+v, want %s", out[0].Data, tt.code)
			}
		})
	}
}

func TestMissingOrReplacedOriginalFailsVideo(t *testing.T) {
	b, e := newSourceBucket(t, []byte("x"))
	object := func(key, etag string) events.Event {
		o := e.Data.(events.S3Object)
		o.Key, o.ETag = key, etag
		e.Data = o
		return e
	}
	task := func(key, etag string) events.Event {
		return events.New("acme", "vid_1", noon, video.EncodeRequested{Source: video.Source{Key: key, ETag: etag}, Plan: testPlan})
	}
	inspect := inspect.Inspector{Source: b, Tools: fakeTools{}, TempDir: t.TempDir(), Now: fixedNow}.Handle
	encode := encode.Encoder{Source: b, Media: &blob.Memory{}, Tools: fakeTools{}, TempDir: t.TempDir(), Now: fixedNow}.Handle
	for _, tt := range []struct {
		name string
		step func(context.Context, events.Event) ([]events.Event, error)
		e    events.Event
		want string // code; empty: nothing is said
	}{
		{"inspect, gone", inspect, object("t/acme/vid_2/source", "e"), "source_gone"},
		{"inspect, replaced: that has its own event", inspect, object(sourceKey, "of what was there before"), ""},
		{"encode, gone", encode, task("t/acme/vid_2/source", "e"), "source_gone"},
		{"encode, replaced", encode, task(sourceKey, "of what was there before"), "source_replaced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := tt.step(t.Context(), tt.e)
			if err != nil {
				t.Fatal(err)
			}
			code := ""
			for _, o := range out {
				switch d := o.Data.(type) {
				case video.MediaRefused:
					code = d.Problem.Code
				case video.TaskFailed:
					code = d.Problem.Code
				}
			}
			if code != tt.want {
				t.Errorf("says %q, want %q", code, tt.want)
			}
		})
	}
}

func TestOnExhaustedFailsVideo(t *testing.T) {
	_, e := newSourceBucket(t, []byte("x"))
	down := errs.E("x", errs.Transient, errors.New("down"))
	if out := (inspect.Inspector{Now: fixedNow}).OnExhausted(e, down); len(out) != 1 || out[0].Type != events.MediaRefused {
		t.Errorf("inspect says %v", out)
	}
	task := events.New("acme", "vid_1", noon, video.EncodeRequested{Task: video.Task{Number: 2}})
	out := encode.Encoder{Now: fixedNow}.OnExhausted(task, down)
	if len(out) != 1 || out[0].Data.(video.TaskFailed).Task.Number != 2 {
		t.Errorf("encode says %v", out)
	}
}

// Whatever a step ends with for the last time, the owner of the video is told something to go by.
func TestExhaustedAttemptsFailWithMessage(t *testing.T) {
	mp4 := []byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom\x00\x00\x00\x08moov\x00\x00\x00\x08mdat")
	for code, err := range map[string]error{
		"encode_timeout":    errs.New("ffmpeg.Run", errs.Transient, "encode_timeout", "The video takes too long to process; export it smaller."),
		"processing_failed": errs.E("blob.Download", errs.Transient, errors.New("no space left on device")),
	} {
		c := newLocalPipelineWith(t, fakeTools{err}, mp4)
		c.deliverAll(t)
		if c.redeliveries == 0 || len(c.deadLetterReasons) != 1 {
			t.Errorf("%s: %d deliveries repeated, dead letters %q", code, c.redeliveries, c.deadLetterReasons)
		}
		c.redeliveries = 0
		c.requireOutcome(t, code)
	}
}

// What is taken can be decoded in the cage, by the decoder that ffmpeg chooses.
func TestAcceptedCodecsCanBeDecoded(t *testing.T) {
	codecs := slices.Concat(media.VideoCodecs(), media.AudioCodecs())
	for _, c := range codecs {
		if !ffmpeg.CanDecode(c) {
			t.Errorf("%s is taken and not decoded", c)
		}
	}
	said := string(runTool(t, findRealTools(t), "ffmpeg", "-codecs"))
	for _, c := range codecs {
		line := regexp.MustCompile(`(?m)^ D\S+ ` + c + ` .*$`).FindString(said)
		first := c
		if _, list, ok := strings.Cut(line, "(decoders: "); ok {
			first = strings.Fields(list)[0]
		}
		if line == "" || !ffmpeg.CanDecode(first) {
			t.Errorf("%s: decoder %s in %q", c, first, line)
		}
	}
}

func TestHandlersRejectForeignEvents(t *testing.T) {
	e := events.New("acme", "vid_1", noon, video.UploadCompleted{})
	for name, h := range map[string]func(context.Context, events.Event) ([]events.Event, error){"inspect": inspect.Inspector{}.Handle, "encode": encode.Encoder{}.Handle} {
		if _, err := h(t.Context(), e); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v, want Invalid", name, err)
		}
	}
}

// One real video through all three steps in one process, with the real ffmpeg in its cage.
func TestVideoPassesAllStepsInMemory(t *testing.T) {
	dir, film := os.Getenv("SLUICE_FFMPEG_DIR"), "../../build/footage/bigbuckbunny.mp4"
	if dir == "" {
		dir, _ = filepath.Abs("../../build/tools")
	}
	body, err := os.ReadFile(film)
	if _, terr := os.Stat(filepath.Join(dir, "ffmpeg")); err != nil || terr != nil {
		t.Skip("ffmpeg or the footage is not there; `make tools` fetches both")
	}
	originals, first := newSourceBucket(t, body)
	w := newPublishEnv(t)
	real := ffmpeg.Tools{Dir: dir}
	steps := map[events.Type]func(context.Context, events.Event) ([]events.Event, error){
		events.ObjectCreated:   inspect.Inspector{Source: originals, Tools: real, TempDir: t.TempDir(), Now: fixedNow}.Handle,
		events.EncodeRequested: encode.Encoder{Source: originals, Media: w.media, Tools: real, TempDir: t.TempDir(), Now: fixedNow}.Handle,
	}
	var said []events.Type
	for todo := []events.Event{first}; len(todo) > 0; todo = todo[1:] {
		e := todo[0]
		said = append(said, e.Type)
		step := w.newOwner().Handle
		if s, ok := steps[e.Type]; ok {
			step = s
		} else if strings.HasPrefix(string(e.Type), "video.") {
			continue
		}
		out, err := step(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		todo = append(todo, out...)
	}
	v := w.readVideo(t)
	if v.State != video.Ready {
		t.Fatalf("%s %v after %v", v.State, v.Problem, said)
	}
	if v.Plan.FrameCount() != 132 {
		t.Errorf("%d frames, want 132", v.Plan.FrameCount())
	}
	var want []string
	for _, r := range []string{"360p", "480p", "720p", "audio"} {
		want = append(want, r+"/00001.m4s", r+"/00002.m4s", r+"/00003.m4s", r+"/index.m3u8", r+"/init.mp4")
	}
	want = append(want, "master.m3u8")
	got := w.media.ListKeys(playback.ObjectPrefix(playbackID))
	slices.Sort(got)
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], playback.ObjectPrefix(playbackID))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
