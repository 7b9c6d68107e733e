package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/traceview"
	"sluice/tests/client"
)

// checkUpload uploads the reference clip and waits until it is ready.
func (s *smoke) checkUpload(ctx context.Context) (string, error) {
	v, err := s.uploadUntilReady(ctx, "clip.mp4", "video/mp4", referenceClip)
	s.reference = v
	if err != nil {
		return "", err
	}
	stages := ""
	for _, stage := range v.Stages {
		stages += fmt.Sprintf(", %s %.1f s", stage.Name, stage.Seconds)
	}
	return fmt.Sprintf("%s, ready%s", formatBytes(int64(len(referenceClip))), stages), nil
}

// checkTransfer uploads a small transport stream that is made long with empty packets, which remux reads whole.
func (s *smoke) checkTransfer(ctx context.Context) (string, error) {
	body := padTransportStream(transportClip, s.transfer)
	v, err := s.uploadUntilReady(ctx, "transport.ts", "video/mp2t", body)
	s.transferred = v
	return fmt.Sprintf("%s, ready", formatBytes(int64(len(body)))), err
}

// uploadUntilReady uploads a file and waits until the video is ready. It prints each change.
func (s *smoke) uploadUntilReady(ctx context.Context, name, contentType string, body []byte) (client.Video, error) {
	say := s.sayOnce()
	f := client.File{Name: name, ContentType: contentType, Size: int64(len(body)), Content: bytes.NewReader(body)}
	up, err := s.api.Upload(ctx, f, client.UploadOptions{
		Title: s.name + " " + name,
		Progress: func(sent, total int64) {
			say("upload of %s: %d %%", name, 20*(5*sent/total)) // in steps of 20 %
		},
	})
	if err != nil {
		return client.Video{}, err
	}
	var last client.Video
	v, err := s.api.WaitForVideo(ctx, up.VideoID, s.poll/4, func(v client.Video) {
		last, s.playbackIDs[v.ID] = v, v.Playback.ID
		p := v.Progress
		say("%s is %s: %s, %d of %d tasks", name, v.State, p.Stage, p.TasksDone, p.TasksTotal)
	})
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return last, errInterrupted
	case ctx.Err() != nil:
		return last, &stuckError{last.State, last.Progress.Stage}
	case err != nil:
		return v, err
	case v.Error != nil:
		return v, v.Error
	case v.State != client.Ready:
		return v, fmt.Errorf("the video is %s, and the API does not say why", v.State)
	}
	return v, nil
}

var errInterrupted = errors.New("interrupted")

// stuckError reports that the time limit has passed while a video was not ready.
type stuckError struct{ state, stage string }

func (e *stuckError) Error() string {
	return fmt.Sprintf("the video is not ready when the time is up: it is %q, at the stage %q", e.state, e.stage)
}

// padTransportStream returns an MPEG transport stream with null packets in its middle, of about size bytes and at least
// as long as ts. Receivers discard null packets (ISO/IEC 13818-1, PID 0x1FFF).
func padTransportStream(ts []byte, size int64) []byte {
	const packet = 188
	null := append([]byte{0x47, 0x1f, 0xff, 0x10}, bytes.Repeat([]byte{0xff}, packet-4)...)
	middle := len(ts) / packet / 2 * packet
	count := max(0, (int(size)-len(ts))/packet)
	return slices.Concat(ts[:middle], bytes.Repeat(null, count), ts[middle:])
}

// checkTrace waits for the trace of the reference clip, in which every service of its way has a span without a fault.
func (s *smoke) checkTrace(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, traceTimeout)
	defer cancel()
	var fall traceview.Waterfall
	say, lacking := s.sayOnce(), ""
	err := s.waitUntil(ctx, func() (bool, error) {
		text, err := s.api.GetTrace(ctx, s.reference.ID)
		if err != nil {
			return false, err
		}
		fall = traceview.Waterfall{}
		if err := json.Unmarshal(text, &fall); err != nil {
			return false, err
		}
		lacking = findMissingSpan(fall)
		say("%d spans of the trace", len(fall.Spans))
		return lacking == "", nil
	})
	if errors.Is(err, context.DeadlineExceeded) && lacking != "" {
		return "", fmt.Errorf("the trace has %d spans after %v, and %s", len(fall.Spans), traceTimeout, lacking)
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d spans in %d traces, %.1f s, $%.6f of Lambda", len(fall.Spans), fall.Traces,
		fall.Duration/1e3, fall.Cost), nil
}

// servicesOfVideo are the services whose spans a video has.
var servicesOfVideo = []string{"api", "inspect", "encode", "publish"}

// findMissingSpan returns what the trace of a video that is ready lacks; "": nothing.
func findMissingSpan(fall traceview.Waterfall) string {
	for _, service := range servicesOfVideo {
		if !slices.ContainsFunc(fall.Spans, func(span traceview.Span) bool { return span.Service == service }) {
			return "none of " + service
		}
	}
	for _, span := range fall.Spans {
		if span.Status != traceview.StatusOK {
			return strings.TrimSpace(fmt.Sprintf("that of %s is %s %s", span.Service, span.Status, span.Code))
		}
	}
	if !fall.Complete {
		return "it is not complete"
	}
	return ""
}

// checkPlayback plays every rendition of the reference clip as a player does.
func (s *smoke) checkPlayback(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return playAll(ctx, s.api.HTTP, s.reference.Playback.HLS, s.reference.Media.Duration)
}
