package inspect_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"sluice/events"
	"sluice/functions/inspect"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/source/sourcetest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func fixedNow() time.Time { return noon }

func TestInspectRejectsWithCode(t *testing.T) {
	mp4 := append([]byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom"), "\x00\x00\x00\x08moov\x00\x00\x00\x08mdat"...)
	unreadable := errs.New("ffmpeg.ProbeStreams", errs.Invalid, "unreadable", "It can't be read.")
	for _, tt := range []struct {
		name  string
		body  []byte
		tools error
		size  int64
		code  string    // of the rejection
		kind  errs.Kind // of the error, if no event is returned
	}{
		{name: "empty", body: nil, code: "empty"},
		{name: "random", body: bytes.Repeat([]byte{7, 9}, 600), code: "not_a_video"},
		{name: "playlist", body: []byte("#EXTM3U\nfile:///etc/passwd\n"), code: "playlist_refused"},
		{name: "truncated", body: mp4[:22], code: "truncated"},
		{name: "unreadable", body: mp4, tools: unreadable, code: "unreadable"},
		{name: "too large", body: mp4, size: video.MaxSourceBytes + 1, code: "source_too_large"},
		{name: "internal error", body: mp4, tools: errors.New("bug"), kind: errs.Internal},
		{name: "transient error", body: mp4, tools: errs.E("x", errs.Transient, nil), kind: errs.Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, e := sourcetest.NewBucket(t, tt.body, noon)
			if o := e.Data.(video.StoredObject); tt.size > 0 {
				o.Size = tt.size
				e.Data = o
			}
			i := inspect.Inspector{
				Source: b, Indexes: b, Tools: sourcetest.FailingTools{Err: tt.tools}, TempDir: t.TempDir(),
				Now: fixedNow,
			}
			out, err := i.Handle(t.Context(), e)
			if errs.KindOf(err) != tt.kind {
				t.Fatalf("got %v, want kind %q", err, tt.kind)
			}
			if tt.code == "" {
				return
			}
			refused, ok := out[0].Data.(video.MediaRefused)
			if !ok || string(refused.Problem.Code) != tt.code || refused.Problem.Message == "" ||
				!refused.UploadedAt.Equal(noon) {
				t.Errorf("event %+v, want %s", out[0].Data, tt.code)
			}
		})
	}
}

func TestMissingOriginalIsRejectedAndReplacedOneIgnored(t *testing.T) {
	b, e := sourcetest.NewBucket(t, []byte("x"), noon)
	handle := inspect.Inspector{
		Source: b, Indexes: b, Tools: sourcetest.FailingTools{}, TempDir: t.TempDir(), Now: fixedNow,
	}.Handle
	for _, tt := range []struct {
		name, key, etag string
		want            string // code; empty: no event, because a replaced object has an event of its own
	}{
		{"gone", "t/acme/vid_2/source", "e", "source_gone"},
		{"replaced", sourcetest.Key, "old", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := e.Data.(video.StoredObject)
			o.Key, o.ETag = tt.key, tt.etag
			out, err := handle(t.Context(), events.Event{Type: e.Type, Tenant: e.Tenant, Video: e.Video, Data: o})
			if err != nil {
				t.Fatal(err)
			}
			code := ""
			if len(out) > 0 {
				code = string(out[0].Data.(video.MediaRefused).Problem.Code)
			}
			if code != tt.want {
				t.Errorf("code %q, want %q", code, tt.want)
			}
		})
	}
}

func TestOnExhaustedRejectsVideo(t *testing.T) {
	_, e := sourcetest.NewBucket(t, []byte("x"), noon)
	down := errs.E("x", errs.Transient, errors.New("down"))
	if out := (inspect.Inspector{Now: fixedNow}).OnExhausted(e, down); len(out) != 1 ||
		out[0].Type != events.MediaRefused {
		t.Errorf("events %v", out)
	}
}

func TestHandleRejectsForeignEvent(t *testing.T) {
	e := events.New("acme", "vid_1", noon, video.UploadCompleted{})
	if _, err := (inspect.Inspector{}).Handle(t.Context(), e); errs.KindOf(err) != errs.Invalid {
		t.Errorf("%v, want Invalid", err)
	}
}
