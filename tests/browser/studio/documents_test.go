package studio_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Seconds after its upload at which a video enters each state.
const (
	inspectedAfter = 0.6
	playableAfter  = 1.6
	readyAfter     = 3.0
	taskCount      = 9
)

// videoDocument returns the document of a video as it is at this time after its upload.
func (f *fakeServer) videoDocument(v *fakeVideo) map[string]any {
	since, state := f.secondsSinceUpload(v), v.state
	switch {
	case state != "":
	case v.uploadedAt.IsZero():
		state = "waiting"
	case since < inspectedAfter:
		state = "uploaded"
	case since < playableAfter:
		state = "processing"
	case since < readyAfter:
		state = "playable"
	default:
		state = "ready"
	}
	doc := map[string]any{
		"id": v.id, "title": v.title, "state": state, "created_at": formatTime(v.createdAt), "metadata": v.metadata,
		"source": map[string]any{"name": v.name, "size": v.size, "content_type": "video/mp4"},
		"playback": map[string]any{
			"id": "p", "hls": f.URL + "/p/public/" + v.id + "/list.m3u8", "watch": f.URL + "/watch/p",
		},
		"renditions": []string{"1080p", "720p", "540p", "360p"}, "error": v.problem,
	}
	if v.problem == nil {
		delete(doc, "error")
	}
	if state != "waiting" && state != "uploaded" && state != "cancelled" {
		doc["media"] = map[string]any{
			"width": 1920, "height": 1080, "duration_seconds": 754.2, "frame_rate": 29.97, "video_codec": "h264",
			"audio_codec": "aac",
		}
	}
	doc["progress"], doc["stages"] = buildProgress(state, since)
	return doc
}

// secondsSinceUpload returns the time since the upload of a video, divided by the slowdown.
func (f *fakeServer) secondsSinceUpload(v *fakeVideo) float64 {
	return time.Since(v.uploadedAt).Seconds() / f.slowdown
}

// servePlaylist serves the part of the twelve seconds that is encoded at this time.
func (f *fakeServer) servePlaylist(w http.ResponseWriter, r *http.Request) {
	text, err := os.ReadFile("testdata/growing.m3u8")
	if err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	list := string(text)
	if v := f.findVideo(r); v.state == "" && f.secondsSinceUpload(v) < readyAfter {
		at, step := 0, "growing.mp4\n#EXTINF" // start of the first segment that is not encoded
		for range int(12 * f.secondsSinceUpload(v) / readyAfter) {
			at += strings.Index(list[at:], step) + len(step)
		}
		list = list[:at-len("#EXTINF")]
	}
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	_, _ = io.WriteString(w, list)
}

func buildProgress(state string, since float64) (map[string]any, []any) {
	reached := map[string]int{
		"waiting": 0, "cancelled": 0, "uploaded": 1, "failed": 1, "processing": 2, "playable": 2, "ready": 4,
	}[state]
	ending := map[string]string{"failed": "failed", "cancelled": "stopped"}[state]
	stages := []any{}
	for i, name := range []string{"upload", "inspect", "encode", "publish"} {
		s, seconds := "waiting", 0.0
		switch {
		case i < reached:
			s, seconds = "done", []float64{12.4, 0.61, 21.9, 0.08}[i]
		case i == reached && ending != "":
			s, seconds = ending, 1.2
		case i == reached:
			s, seconds = "running", since
		}
		stages = append(
			stages, map[string]any{"name": name, "state": s, "seconds": seconds, "started_at": formatTime(time.Now())},
		)
	}
	done := 0
	if reached >= 2 {
		done = min(taskCount, int(taskCount*(since-inspectedAfter)/(readyAfter-inspectedAfter)))
	}
	if reached == 4 {
		done = taskCount
	}
	return map[string]any{"stage": "encode", "percent": 50, "tasks_done": done, "tasks_total": taskCount}, stages
}

func (f *fakeServer) getTimeline(r *http.Request) (int, any) {
	v := f.findVideo(r)
	start := v.createdAt
	entries := []any{
		buildEntry(start, 0, "created", "waiting"), buildEntry(start, 12.4, "upload.completed.v1", "uploaded"),
		buildEntry(start, 13, "media.inspected.v1", "processing"),
	}
	state := "processing"
	for n := range taskCount {
		e := buildEntry(start, 15+2*float64(n), "encode.done.v1", state)
		e["task"] = map[string]any{"number": n, "kind": "video", "from_frame": n * 2500, "to_frame": (n + 1) * 2500}
		if n == 2 {
			state = "playable"
		}
		// the playlists are published again
		entries = append(entries, e, buildEntry(start, 15.1+2*float64(n), "encode.done.v1", state))
	}
	return 200, map[string]any{"entries": append(entries, buildEntry(start, 35, "encode.done.v1", "ready"))}
}

func buildEntry(start time.Time, s float64, event, state string) map[string]any {
	return map[string]any{
		"at": formatTime(start.Add(time.Duration(s * float64(time.Second)))), "event": event, "state": state,
	}
}

func (f *fakeServer) getTrace(r *http.Request) (int, any) {
	if f.findVideo(r) == nil {
		return newProblem(404, "video_not_found", "There is no such video; check its id.")
	}
	step := func(name string, start, ms float64) map[string]any {
		return map[string]any{"name": name, "start_ms": start, "ms": ms, "status": "ok"}
	}
	newSpan := func(service string, start, ms, wait float64, steps ...any) map[string]any {
		return map[string]any{
			"service": service, "start_ms": start, "ms": ms, "wait_ms": wait, "attempt": 1, "status": "ok",
			"cold_start": start < 1000, "trace_id": "1-x", "steps": steps,
		}
	}
	spans := []any{
		newSpan("api", 0, 42, 0, step("DynamoDB", 8, 12), step("S3", 21, 18)),
		newSpan("api", 12300, 96, 0, step("S3", 12310, 60)),
		newSpan("inspect", 12450, 610, 40, step("ffprobe", 12500, 380)), newSpan("publish", 13090, 80, 25),
	}
	for n := range 8 {
		begin := 13220 + float64(n%3)*130 + float64(n/3)*7100
		h := newSpan(
			"encode", begin, 6900, 60+float64(n/3)*7000, step("download", begin+20, 400),
			step("ffmpeg", begin+430, 6100), step("upload", begin+6540, 330),
		)
		if n == 4 {
			h["attempt"], h["status"], h["code"] = 2, "throttle", "busy"
		}
		spans = append(spans, h)
	}
	spans = append(spans, newSpan("publish", 34600, 85, 30))
	return 200, map[string]any{
		"video_id": r.PathValue("id"), "started_at": formatTime(time.Now()), "duration_ms": 34700, "traces": 3,
		"complete": true, "cost_usd": 0.00412, "hops": spans,
	}
}

func (f *fakeServer) getServiceMap(*http.Request) (int, any) {
	service := func(name string, queues ...any) map[string]any { return map[string]any{"name": name, "queues": queues} }
	queue := func(name, lane string, waiting, flying, ceiling int, dead int) map[string]any {
		q := map[string]any{
			"name": name, "lane": lane, "waiting": waiting, "in_flight": flying, "oldest_s": float64(waiting) * 0.7,
			"ceiling": ceiling, "wanted": ceiling, "dead": dead,
		}
		if lane != "" {
			q["reason"] = fmt.Sprintf("%d waiting, 6.9 s each: %d workers clear it within the minute", waiting, ceiling)
		}
		return q
	}
	edge := func(from, to string, rate float64, types ...string) map[string]any {
		return map[string]any{"from": from, "to": to, "types": types, "per_minute": rate}
	}
	return 200, map[string]any{
		"at": formatTime(time.Now()),
		"services": []any{
			service("api", queue("api", "", 0, 0, 3, 0)), service("admin"), service("authorize"), service("play"),
			service("studio"), service("observe"),
			service("inspect", queue("inspect", "", 1, 1, 3, 0)),
			service("encode", queue("encode", "interactive", 3, 6, 6, 0), queue("encode-bulk", "bulk", 48, 2, 2, 2)),
			service("fetch", queue("fetch", "", 0, 1, 3, 0)), service("publish", queue("publish", "", 2, 1, 3, 0)),
			service("purge", queue("purge", "", 0, 0, 3, 0)), service("reconcile"),
		},
		"edges": []any{
			edge("gateway", "api", 41), edge("gateway", "admin", 2), edge("gateway", "play", 128),
			edge("gateway", "studio", 1), edge("gateway", "observe", 6), edge("s3", "inspect", 3.5),
			edge("clock", "reconcile", 1),
			edge("api", "publish", 3.5, "upload.completed.v1"), edge("api", "fetch", 0.5, "fetch.requested.v1"),
			edge("fetch", "publish", 0), edge("inspect", "publish", 3.5, "media.inspected.v1"),
			edge("publish", "inspect", 0), edge("publish", "encode", 62, "encode.requested.v1"),
			edge("encode", "publish", 60, "encode.done.v1"), edge("publish", "purge", 0), edge("purge", "publish", 0),
			edge("publish", "fetch", 0), edge("publish", "topic", 7, "video.ready.v1"),
			edge("reconcile", "publish", 0.2, "deadline.passed.v1"),
		},
	}
}

// addDeadLetters adds n open dead letters of a service.
func (f *fakeServer) addDeadLetters(service string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		sent := time.Now().Add(-time.Duration(len(f.deadLetters)+1) * 7 * time.Minute)
		f.deadLetters = append(f.deadLetters, map[string]any{
			"id": fmt.Sprintf("ltr_06h06852006iamfs1sjp9bs%03d", len(f.deadLetters)), "service": service,
			"type": service + ".requested.v1", "tenant": "acme", "video_id": "vid_01KAP5T6G0JQ7M5R1S8V3W0001",
			"kind": "transient", "code": "attempts_exhausted",
			"reason": "It was tried five times: <b>the decoder</b> ended with signal 9.", "attempts": 5,
			"state": "open", "redrives": 0,
			"sent_at": formatTime(sent), "filed_at": formatTime(sent), "age_seconds": int(time.Since(sent).Seconds()),
			"body": `{"specversion":"1.0","type":"` + service +
				`.requested.v1","data":{"title":"<script>alert(1)</script>"}}`,
		})
	}
}

func (f *fakeServer) openDeadLetters(service string) (found []map[string]any) {
	for _, l := range f.deadLetters {
		if l["state"] == "open" && (service == "" || l["service"] == service) {
			found = append(found, l)
		}
	}
	return found
}

func (f *fakeServer) listDeadLetters(r *http.Request) (int, any) {
	found := f.deadLetters
	if r.URL.Query().Get("state") == "open" {
		found = f.openDeadLetters(r.URL.Query().Get("service"))
	}
	if found == nil {
		found = []map[string]any{}
	}
	return 200, map[string]any{"letters": found}
}

func (f *fakeServer) findDeadLetter(r *http.Request) map[string]any {
	for _, l := range f.deadLetters {
		if l["id"] == r.PathValue("id") {
			return l
		}
	}
	return nil
}

func (f *fakeServer) getDeadLetter(r *http.Request) (int, any) {
	if l := f.findDeadLetter(r); l != nil {
		return 200, l
	}
	return newProblem(404, "letter_not_found", "There is no such dead letter.")
}

func (f *fakeServer) redriveDeadLetter(r *http.Request) (int, any) {
	l := f.findDeadLetter(r)
	l["state"], l["redrives"] = "redriven", 1
	return 200, l
}

func (f *fakeServer) discardDeadLetter(r *http.Request) (int, any) {
	l := f.findDeadLetter(r)
	l["state"], l["note"] = "discarded", strings.TrimSpace(decodeBody[struct{ Reason string }](r).Reason)
	return 200, l
}

func (f *fakeServer) redriveDeadLetters(r *http.Request) (int, any) {
	sent := f.openDeadLetters(decodeBody[struct{ Service string }](r).Service)
	for _, l := range sent {
		l["state"] = "redriven"
	}
	return 200, map[string]any{"redriven": len(sent), "left": 0}
}
