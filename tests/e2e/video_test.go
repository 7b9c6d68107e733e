//go:build integration

package e2e

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/video"
	"sluice/tests/client"
	"sluice/tests/clouds"
	"sluice/tests/subscriber"
)

func TestUploadedVideoBecomesReady(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	facts := d.subscribeToTopic(t)
	v := uploadUntilReady(t, d.newTenantClient(t, "first"), d.footagePath("bigbuckbunny.mp4"))
	if diff := cmp.Diff([]string{"720p", "480p", "360p"}, v.Renditions); diff != "" {
		t.Error(diff)
	}
	if v.Media == nil || v.Media.Width != 1280 || v.Media.Height != 720 || v.Media.FrameRate != 25 {
		t.Errorf("media %+v", v.Media)
	}
	if v.Progress.Percent != 100 || v.Progress.TasksDone != v.Progress.TasksTotal {
		t.Errorf("progress %+v", v.Progress)
	}
	for _, s := range v.Stages {
		if s.State != "done" || s.Started == nil || s.Ended == nil || s.Seconds < 0 {
			t.Errorf("stage %+v", s)
		}
	}
	for _, rendition := range v.Renditions {
		if n := len(d.decodeFrames(t, d.downloadRendition(t, v.Playback.HLS, rendition))); n != 132 {
			t.Errorf("%s has %d frames, the source 132", rendition, n)
		}
	}
	want := map[events.Type]bool{events.VideoProcessing: true, events.VideoPlayable: true, events.VideoReady: true}
	for e := range facts {
		if e.Video == v.ID {
			delete(want, e.Type)
		}
		if len(want) == 0 {
			break
		}
	}
	if len(want) > 0 {
		t.Errorf("these events did not arrive: %v", want)
	}
}

// subscribeToTopic subscribes a new queue to the topic. It returns an iterator over the events that arrive until
// waitLimit.
func (d deployment) subscribeToTopic(t *testing.T) func(yield func(events.Event) bool) {
	t.Helper()
	topic := subscriber.Topic{SQS: d.sqsClient(), SNS: sns.NewFromConfig(d.aws), ARN: d.stackOutput(t, "TopicArn")}
	q, err := topic.Subscribe(t.Context(), "test", "")
	t.Cleanup(func() { q.Close(context.WithoutCancel(t.Context())) })
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(events.Event) bool) {
		wanted := true
		for end := time.Now().Add(waitLimit); wanted && time.Now().Before(end); {
			err := q.ReceiveEvents(t.Context(), func(message []byte) error {
				e, err := events.Decode(message)
				wanted = wanted && err == nil && yield(e)
				return err
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	}
}

func TestPromise06_OtherTenantGetsNotFound(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	v := d.createVideo(t, "mine")
	if _, err := d.newTenantClient(t, "mine").GetVideo(t.Context(), v.ID); err != nil {
		t.Fatalf("its own tenant: %v", err)
	}
	_, err := d.newTenantClient(t, "theirs").GetVideo(t.Context(), v.ID)
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != http.StatusNotFound {
		t.Errorf("another tenant: %v, want 404", err)
	}
}

func TestPromise06_RequestWithoutTokenIsUnauthorized(t *testing.T) {
	clouds.RequireCapabilities(t, clouds.Authorizers)
	t.Parallel()
	d := openDeployment(t)
	v := d.createVideo(t, "mine")
	for _, token := range []string{"", "slc_nobody_nothing"} {
		_, err := client.New(d.env.APIURL, token).GetVideo(t.Context(), v.ID)
		var p *client.Problem
		if !errors.As(err, &p) || p.Status != http.StatusUnauthorized {
			t.Errorf("token %q: %v, want 401", token, err)
		}
	}
}

// TestDuplicateMessagesChangeNothing sends an S3 event and all tasks again. No row and no object may change.
func TestDuplicateMessagesChangeNothing(t *testing.T) {
	d := openDeployment(t)
	v := uploadUntilReady(t, d.newTenantClient(t, "again"), d.makeNumberedVideo(t, "25", 20))
	d.waitUntilIdle(t)
	before, err := d.newStore(t).LoadVideo(t.Context(), "again", v.ID)
	if err != nil {
		t.Fatal(err)
	}
	dead := d.countDeadLetters(t)
	objects := d.listMediaObjects(t, "v/"+before.Playback+"/")
	body := d.readMediaObject(t, before.Playback, "720p/00005.m4s")

	d.sendS3Event(t, before)
	d.waitUntilIdle(t)
	if diff := cmp.Diff(objects, d.listMediaObjects(t, "v/"+before.Playback+"/")); diff != "" {
		t.Errorf("a duplicate S3 event changed objects: %s", diff)
	}
	for _, task := range before.Plan.Tasks() {
		d.sendEvent(t, "InboxEncode", events.New("again", v.ID, time.Now(), video.EncodeRequested{
			Task: task, Plan: before.Plan.Outline(), Media: *before.Media, Source: before.Source,
			Playback: before.Playback,
		}))
	}
	d.waitUntilIdle(t)
	after, err := d.newStore(t).LoadVideo(t.Context(), "again", v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the row changed: %s", diff)
	}
	if diff := cmp.Diff(onlyETags(objects), onlyETags(d.listMediaObjects(t, "v/"+before.Playback+"/"))); diff != "" {
		t.Errorf("encoding again made other objects: %s", diff)
	}
	if !bytes.Equal(body, d.readMediaObject(t, before.Playback, "720p/00005.m4s")) {
		t.Error("encoding again made other bytes")
	}
	if diff := cmp.Diff(dead, d.countDeadLetters(t)); diff != "" {
		t.Errorf("dead letters: %s", diff)
	}
}
