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

// TestProducerMessageBecomesVideo runs `make produce`: a system that does not call the API has a video made. Each event
// of the video must have the correlation id of the request.
func TestProducerMessageBecomesVideo(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	facts := d.subscribeToTopic(t)
	produce := exec.CommandContext(
		t.Context(), "go", "run", "./tests/produce", "-tenant", "producer", "-file", d.footagePath("bigbuckbunny.mp4"),
		"-timeout", waitLimit.String(),
	)
	produce.Dir = d.root
	output, err := produce.CombinedOutput()
	sent := regexp.MustCompile(`correlationid (\S+)\n`).FindSubmatch(output)
	made := regexp.MustCompile(`video.processing.v1 +(vid_\S+)`).FindSubmatch(output)
	watch := regexp.MustCompile(`video.ready.v1 +(http\S+)\n`).FindSubmatch(output)
	if err != nil || sent == nil || made == nil || watch == nil {
		t.Fatalf("%v: %s", err, output)
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
		t.Errorf("these events did not arrive: %v", want)
	}
}

// TestURLBecomesVideo creates a video from a URL. Its title is the name of the file.
func TestURLBecomesVideo(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	c := d.newCaller(t, "url")
	body := fmt.Sprintf(`{"url": %q, "external_id": "7"}`, d.serveFootage(t, "bigbuckbunny.mp4")+"?sig=secret")
	made, _ := c.sendRequest(t, http.StatusCreated, "POST", "/v1/videos", body)
	if made["state"] != "waiting" || made["title"] != "bigbuckbunny.mp4" || made["external_id"] != "7" {
		t.Errorf("made %v", made)
	}
	v, err := client.New(d.env.APIURL, c.token).WaitForVideo(
		t.Context(), made["id"].(string), 200*time.Millisecond, nil,
	)
	if err != nil || v.State != client.Ready {
		t.Fatalf("%s %v, %v", v.State, v.Error, err)
	}
	if v.Source.Size != int64(len(readFile(t, d.footagePath("bigbuckbunny.mp4")))) || v.Media == nil ||
		v.Media.Width != 1280 {
		t.Errorf("%+v, %+v", v.Source, v.Media)
	}
}
