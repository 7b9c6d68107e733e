package chaos

import (
	"fmt"

	"sluice/events"
	"sluice/shared/domain/video"
)

// sendPoison sends a message that its service can't handle, if possible in the group of a video.
func (sim *simulation) sendPoison() {
	sim.lastNumber++
	n := sim.lastNumber
	c := sim.clients[sim.drawInt(len(sim.clients))]
	group := "acme." + c.video
	body := sim.poisonBodies(c)
	to := []string{"inspect", "encode", "publish"}[sim.drawInt(3)]
	b := body[sim.drawInt(len(body))]
	sim.logf("poison for %s: %.80s", to, b)
	sim.sendMessage(to, b, group, fmt.Sprint("poison-", n), 0)
}

func (sim *simulation) poisonBodies(c *uploadClient) []string {
	out := []string{
		"hello", "null", `{"specversion": "1.0"}`, `{"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}`,
		`{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-11-22T12:00:00Z","s3":{"bucket":{"name":"source"},"object":{"key":"etc/passwd","size":1,"eTag":"e"}}}]}`,
		`{"specversion":"1.0","id":"x","source":"x","type":"video.exploded.v9","time":"2026-11-22T12:00:00Z","subject":"vid_1","tenant":"acme","data":{}}`,
	}
	for _, e := range []events.Event{
		// inspect and encode reject the type; publish has no row
		events.New("acme", "vid_nobody", sim.startedAt, video.UploadCompleted{At: sim.startedAt}),
		// of another tenant
		events.New("rival", "vid_"+c.video, sim.startedAt, video.UploadCompleted{At: sim.startedAt}),
		events.New("acme", "vid_nobody", sim.startedAt, video.VideoReady{Playback: "p", Duration: 1}),
	} {
		if b, err := events.Encode(e); err == nil {
			out = append(out, string(b))
		}
	}
	return out
}
