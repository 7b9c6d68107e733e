//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"sluice/events"
	"sluice/tests/client"
)

// What `make produce` does: a system that calls nothing of the API has a video made, and each fact that it is told of it
// has the correlation of its request.
func TestProducerMessageBecomesVideo(t *testing.T) {
	t.Parallel()
	w := openDeployment(t)
	facts := w.subscribeToTopic(t)
	produce := exec.CommandContext(t.Context(), "go", "run", "./tests/produce", "-tenant", "producer", "-file", w.footagePath("bigbuckbunny.mp4"), "-timeout", waitLimit.String())
	produce.Dir = w.root
	said, err := produce.CombinedOutput()
	sent := regexp.MustCompile(`correlationid (\S+)\n`).FindSubmatch(said)
	made := regexp.MustCompile(`video.processing.v1 +(vid_\S+)`).FindSubmatch(said)
	watch := regexp.MustCompile(`video.ready.v1 +(http\S+)\n`).FindSubmatch(said)
	if err != nil || sent == nil || made == nil || watch == nil {
		t.Fatalf("%v: %s", err, said)
	}
	getBody(t, string(watch[1]))
	want := map[events.Type]bool{events.VideoProcessing: true, events.VideoPlayable: true, events.VideoReady: true}
	for e := range facts {
		if e.Video != string(made[1]) {
			continue
		}
		if delete(want, e.Type); e.Correlation != string(sent[1]) {
			t.Errorf("%s has the correlation %q", e.Type, e.Correlation)
		}
		if len(want) == 0 {
			break
		}
	}
	if len(want) > 0 {
		t.Errorf("the topic never said %v", want)
	}
}

// A URL is enough: its file becomes the video, and is called as it is there.
func TestURLBecomesVideo(t *testing.T) {
	t.Parallel()
	w := openDeployment(t)
	c := w.newCaller(t, "url")
	body := fmt.Sprintf(`{"url": %q, "external_id": "7"}`, w.serveFootage(t, "bigbuckbunny.mp4")+"?sig=secret")
	made, _ := c.sendRequest(t, http.StatusCreated, "POST", "/v1/videos", body)
	if made["state"] != "waiting" || made["title"] != "bigbuckbunny.mp4" || made["external_id"] != "7" {
		t.Errorf("made %v", made)
	}
	v, err := client.New(w.env.APIURL, c.token).WaitForVideo(t.Context(), made["id"].(string), 200*time.Millisecond, nil)
	if err != nil || v.State != client.Ready {
		t.Fatalf("%s %v, %v", v.State, v.Error, err)
	}
	if v.Source.Size != int64(len(readFile(t, w.footagePath("bigbuckbunny.mp4")))) || v.Media == nil || v.Media.Width != 1280 {
		t.Errorf("%+v, %+v", v.Source, v.Media)
	}
}
