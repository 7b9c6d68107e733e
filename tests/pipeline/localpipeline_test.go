package pipeline_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/functions/encode"
	"sluice/functions/inspect"
	"sluice/functions/publish"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/blob/blobtest"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/source"
	"sluice/shared/platform/source/sourcetest"
	"sluice/shared/platform/store"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const playbackID = "pabcdefgh234567abcdefgh234567abcd"

func fixedNow() time.Time { return noon }

// videoEnv is a table in memory with one video, and the media bucket.
type videoEnv struct {
	table store.Store
	media *blob.Memory
}

func newVideoEnv(t *testing.T) *videoEnv {
	t.Helper()
	w := &videoEnv{table: store.NewMemory(), media: &blob.Memory{}}
	v := video.Video{
		Tenant: "acme", ID: "vid_1", Playback: playbackID, State: video.Waiting, Version: 1,
		Source: video.Source{Key: sourcetest.Key, Size: 1}, Times: video.Times{Created: noon},
	}
	if err := w.table.CreateVideo(
		t.Context(), v, video.Upload{Tenant: "acme", ID: "upl_1", Video: "vid_1"},
	); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *videoEnv) newOwner() publish.VideoOwner {
	share := publish.FairShare{Limits: w.table, WaitQueue: w.table, Videos: w.table, MaxInFlight: 100, Now: fixedNow}
	return publish.VideoOwner{
		Videos: w.table, Playlists: w.media, FairShare: share, Now: fixedNow, Log: slog.New(slog.DiscardHandler),
	}
}

func (w *videoEnv) readVideo(t *testing.T) video.Video {
	t.Helper()
	v, err := w.table.LoadVideo(t.Context(), "acme", "vid_1")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// readMedia returns the video's objects in the media bucket by name.
func (w *videoEnv) readMedia(t *testing.T) map[string]string {
	return blobtest.ReadObjects(t, w.media, playback.ObjectPrefix(playbackID))
}

// localPipeline runs inspect, encode and publish in one process, with the consumers that they have on AWS: a message
// whose handler fails is delivered again as often as the service map says, and then goes to the dead-letter queue.
type localPipeline struct {
	*videoEnv
	consumers         map[string]*queue.Consumer
	pending           []queuedMessage
	redeliveries      int // deliveries after the first of a message
	deadLetterReasons []string
}

type queuedMessage struct {
	service, body string
	attempt       int
}

// newLocalPipeline returns a pipeline with the real tools in dir, one original, and the message of S3 that announces
// it.
func newLocalPipeline(t *testing.T, dir string, body []byte) *localPipeline {
	t.Helper()
	return newLocalPipelineWith(t, ffmpeg.Tools{Dir: dir}, body)
}

func newLocalPipelineWith(t *testing.T, tools source.Tools, body []byte) *localPipeline {
	t.Helper()
	originals, first := sourcetest.NewBucket(t, body, noon)
	o := first.Data.(video.StoredObject)
	c := &localPipeline{videoEnv: newVideoEnv(t), consumers: map[string]*queue.Consumer{}}
	i := inspect.Inspector{Source: originals, Tools: tools, TempDir: t.TempDir(), Now: fixedNow}
	n := encode.Encoder{Source: originals, Media: c.media, Tools: tools, TempDir: t.TempDir(), Now: fixedNow}
	c.addConsumer("inspect", i.Handle, i.OnExhausted)
	c.addConsumer("encode", n.Handle, n.OnExhausted)
	c.addConsumer("publish", c.newOwner().Handle, nil)
	c.pending = []queuedMessage{{service: "inspect", body: fmt.Sprintf(
		`{"Records":[{"eventName":"ObjectCreated:Put","eventTime":%q,"s3":{"bucket":{"name":"source"},"object":{"key":%q,"size":%d,"eTag":%q}}}]}`,
		o.At.Format(time.RFC3339), o.Key, o.Size, o.ETag)}}
	return c
}

func (c *localPipeline) addConsumer(service string, h queue.Handler, g queue.OnExhausted) {
	s, _ := services.Lookup(service)
	c.consumers[service] = &queue.Consumer{
		Service: s, Handle: h, OnExhausted: g, Send: c, Queue: c, Log: slog.New(slog.DiscardHandler),
	}
}

// deliverAll delivers messages until none is left.
func (c *localPipeline) deliverAll(t *testing.T) {
	t.Helper()
	for ; len(c.pending) > 0; c.pending = c.pending[1:] {
		d := c.pending[0]
		d.attempt++
		c.redeliveries += min(1, d.attempt-1)
		m := lambdaevents.SQSMessage{
			MessageId: "m", Body: d.body,
			Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(d.attempt), "MessageGroupId": "g"},
		}
		r, err := c.consumers[d.service].HandleBatch(
			t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{m}},
		)
		if err != nil || d.attempt > c.consumers[d.service].Service.Inbox.MaxAttempts {
			t.Fatalf("%s: attempt %d, %v", d.service, d.attempt, err)
		}
		if len(r.BatchItemFailures) > 0 {
			c.pending = append(c.pending, d)
		}
	}
}

// Send encodes events and adds them to the queues of their services.
func (c *localPipeline) Send(_ context.Context, es ...events.Event) error {
	for _, e := range es {
		b, err := events.Encode(e)
		if err != nil {
			return err
		}
		if to := services.FindDestination(string(e.Type)); to != services.Topic {
			c.pending = append(c.pending, queuedMessage{service: to, body: string(b)})
		}
	}
	return nil
}

// SendToDeadLetterQueue records the reason.
func (c *localPipeline) SendToDeadLetterQueue(_ context.Context, _ lambdaevents.SQSMessage, reason error) error {
	c.deadLetterReasons = append(c.deadLetterReasons, reason.Error())
	return nil
}

// ChangeVisibility does nothing: deliveries do not wait.
func (c *localPipeline) ChangeVisibility(context.Context, lambdaevents.SQSMessage, time.Duration) error {
	return nil
}
