package encode_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"sluice/events"
	"sluice/functions/encode"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/source/sourcetest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func fixedNow() time.Time { return noon }

func TestMissingOrReplacedOriginalFailsTask(t *testing.T) {
	b, _ := sourcetest.NewBucket(t, []byte("x"), noon)
	handle := encode.Encoder{
		Source: b, Media: &blob.Memory{}, Tools: sourcetest.FailingTools{}, TempDir: t.TempDir(), Now: fixedNow,
		Log: slog.New(slog.DiscardHandler),
	}.Handle
	for _, tt := range []struct{ name, key, etag, want string }{
		{"gone", "t/acme/vid_2/source", "e", "source_gone"},
		{"replaced", sourcetest.Key, "old", "source_replaced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := events.New(
				"acme", "vid_1", noon, video.EncodeRequested{Source: video.Source{Key: tt.key, ETag: tt.etag}},
			)
			out, err := handle(t.Context(), e)
			if err != nil || len(out) != 1 {
				t.Fatalf("events %v, %v", out, err)
			}
			if code := out[0].Data.(video.EncodeFailed).Problem.Code; string(code) != tt.want {
				t.Errorf("code %q, want %q", code, tt.want)
			}
		})
	}
}

func TestOnExhaustedFailsTask(t *testing.T) {
	task := events.New("acme", "vid_1", noon, video.EncodeRequested{Task: video.Task{Number: 2}})
	out := encode.Encoder{Now: fixedNow}.OnExhausted(task, errs.E("x", errs.Transient, errors.New("down")))
	if len(out) != 1 || out[0].Data.(video.EncodeFailed).Task.Number != 2 {
		t.Errorf("events %v", out)
	}
}

func TestHandleRejectsForeignEvent(t *testing.T) {
	e := events.New("acme", "vid_1", noon, video.UploadCompleted{})
	if _, err := (encode.Encoder{}).Handle(t.Context(), e); errs.KindOf(err) != errs.Invalid {
		t.Errorf("%v, want Invalid", err)
	}
}
