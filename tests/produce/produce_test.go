package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// TestRequestMatchesEventContract checks that the event that is written out by hand is valid.
func TestRequestMatchesEventContract(t *testing.T) {
	t.Parallel()
	p := producer{bucket: "acme-masters"}
	b, err := json.Marshal(p.buildRequest(
		sentRequest{key: "masters/ä b.mp4", correlationID: "order-1"}, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	))
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	want := video.Origin{Bucket: "acme-masters", Key: "masters/ä b.mp4"}
	if got := e.Data.(video.UploadRequested).Origin; got != want || e.Correlation != "order-1" {
		t.Errorf("asks for %+v with %q", got, e.Correlation)
	}
}

func TestTopicEventsAreDecodedAndDescribed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		data   video.Event
		says   string
		last   bool
		failed bool
	}{
		{
			video.VideoProcessing{
				Media: video.Media{
					Container: "mov", VideoCodec: "h264", Width: 2, Height: 2, Rate: video.Rate{Num: 25, Den: 1},
					Frames: 1, TimeBase: video.Rate{Num: 1, Den: 25},
				},
				Tasks: 3,
			},
			"vid_1 in 3 tasks", false, false,
		},
		{
			video.VideoReady{Playback: "p" + strings.Repeat("a", 32)},
			"https://api.example/watch/p" + strings.Repeat("a", 32), true, false,
		},
		{video.VideoFailed{Problem: errs.Problem{Code: "no_video", Message: "No."}}, "no_video: No.", true, true},
		{video.VideoDeleted{}, "vid_1", false, false},
	} {
		b, err := events.Encode(events.New("acme", "vid_1", time.Now(), tt.data))
		if err != nil {
			t.Fatal(err)
		}
		var e topicEvent
		if err := json.Unmarshal(b, &e); err != nil {
			t.Fatal(err)
		}
		if got := e.describeEvent("https://api.example"); got != tt.says || e.isFinal() != tt.last ||
			(e.failureError() != nil) != tt.failed {
			t.Errorf("%s: %q, last %v, failure %v", e.Type, got, e.isFinal(), e.failureError())
		}
	}
}

func TestCommandRejectsInvalidFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{nil, 2, "say which file"},
		{[]string{"-file", "a", "b"}, 2, "say which file"},
		{[]string{"-nonsense"}, 2, "nonsense"},
		{[]string{"-help"}, 0, "-tenant"},
	} {
		var errs bytes.Buffer
		if got := runCommand(context.Background(), tt.args, &errs, &errs); got != tt.status ||
			!strings.Contains(errs.String(), tt.says) {
			t.Errorf("%v: status %d, %q", tt.args, got, errs.String())
		}
	}
}
