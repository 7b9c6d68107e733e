package chaos

import (
	"fmt"

	"sluice/events"
	"sluice/shared/domain/video"
)

// spoil puts a message on a queue that its service can't handle, if possible among those of a video.
func (w *world) spoil() {
	w.number++
	n := w.number
	c := w.clients[w.draw(len(w.clients))]
	group := "acme." + c.video
	body := w.poisons(c)
	to := []string{"inspect", "encode", "publish"}[w.draw(3)]
	b := body[w.draw(len(body))]
	w.logf("poison for %s: %.80s", to, b)
	w.post(to, b, group, fmt.Sprint("poison-", n), 0)
}

func (w *world) poisons(c *client) []string {
	out := []string{
		"hello", "null", `{"specversion": "1.0"}`, `{"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}`,
		`{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-11-22T12:00:00Z","s3":{"bucket":{"name":"source"},"object":{"key":"etc/passwd","size":1,"eTag":"e"}}}]}`,
		`{"specversion":"1.0","id":"x","source":"x","type":"video.exploded.v9","time":"2026-11-22T12:00:00Z","subject":"vid_1","tenant":"acme","data":{}}`,
	}
	for _, e := range []events.Event{
		events.Of("acme", "vid_nobody", w.began, video.UploadCompleted{At: w.began}),    // inspect and encode don't take it, publish has no row
		events.Of("rival", "vid_"+c.video, w.began, video.UploadCompleted{At: w.began}), // another tenant's
		events.Of("acme", "vid_nobody", w.began, video.VideoReady{Playback: "p", Duration: 1}),
	} {
		if b, err := events.Encode(e); err == nil {
			out = append(out, string(b))
		}
	}
	return out
}
