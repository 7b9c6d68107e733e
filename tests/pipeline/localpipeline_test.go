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
	"sluice/functions/remux"
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
	env := &videoEnv{table: store.NewMemory(), media: &blob.Memory{}}
	v := video.Video{
		Tenant: "acme", ID: "vid_1", Playback: playbackID, State: video.Waiting, Version: 1,
		Source: video.Source{Key: sourcetest.Key, Size: 1}, Times: video.Times{Created: noon},
	}
	if err := env.table.CreateVideo(
		t.Context(), v, video.Upload{Tenant: "acme", ID: "upl_1", Video: "vid_1"},
	); err != nil {
		t.Fatal(err)
	}
	return env
}

func (env *videoEnv) newOwner() publish.VideoOwner {
	share := publish.FairShare{
		Limits: env.table, WaitQueue: env.table, Videos: env.table, MaxInFlight: 100, Now: fixedNow,
	}
	return publish.VideoOwner{
		Videos: env.table, Tasks: env.table, Playlists: env.media, DenyList: env.table, FairShare: share,
		Now: fixedNow, Log: slog.New(slog.DiscardHandler),
	}
}

func (env *videoEnv) readVideo(t *testing.T) video.Video {
	t.Helper()
	v, err := env.table.LoadVideo(t.Context(), "acme", "vid_1")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// readMedia returns the video's objects in the media bucket by name.
func (env *videoEnv) readMedia(t *testing.T) map[string]string {
	return blobtest.ReadObjects(t, env.media, playback.ObjectPrefix(playbackID))
}

// localPipeline runs inspect, remux, encode and publish in one process, with the consumers that they have on AWS: a
// message whose handler fails is delivered again as often as the service map says, and then goes to the dead-letter
// queue.
type localPipeline struct {
	*videoEnv
	originals         *countingBucket
	remuxed           *countingBucket // the same bucket, as remux reads it
	consumers         map[string]*queue.Consumer
	pending           []queuedMessage
	dropped           string // service whose messages are dropped
	redeliveries      int    // deliveries after the first of a message
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
	bucket, first := sourcetest.NewBucket(t, body, noon)
	originals := &countingBucket{Memory: bucket}
	o := first.Data.(video.StoredObject)
	p := &localPipeline{videoEnv: newVideoEnv(t), consumers: map[string]*queue.Consumer{}, originals: originals}
	i := inspect.Inspector{
		Source: originals, Indexes: originals, Tools: tools, TempDir: t.TempDir(), Now: fixedNow,
	}
	n := encode.Encoder{
		Source: originals, Media: p.media, Tools: tools, TempDir: t.TempDir(), Now: fixedNow,
		Log: slog.New(slog.DiscardHandler),
	}
	p.remuxed = &countingBucket{Memory: bucket}
	m := remux.Remuxer{
		Source: p.remuxed, Copies: bucket, Tools: tools, TempDir: t.TempDir(), Now: fixedNow,
		Log: slog.New(slog.DiscardHandler),
	}
	p.addConsumer("inspect", i.Handle, i.OnExhausted)
	p.addConsumer("remux", m.Handle, m.OnExhausted)
	p.addConsumer("encode", n.Handle, n.OnExhausted)
	p.addConsumer("publish", p.newOwner().Handle, nil)
	p.pending = []queuedMessage{{service: "inspect", body: fmt.Sprintf(
		`{"Records":[{"eventName":"ObjectCreated:Put","eventTime":%q,"s3":{"bucket":{"name":"source"},"object":{"key":%q,"size":%d,"eTag":%q}}}]}`,
		o.At.Format(time.RFC3339), o.Key, o.Size, o.ETag)}}
	return p
}

func (p *localPipeline) addConsumer(service string, h queue.Handler, onExhausted queue.OnExhausted) {
	s, _ := services.Lookup(service)
	p.consumers[service] = &queue.Consumer{
		Service: s, Handle: h, OnExhausted: onExhausted, Send: p, Queue: p, Log: slog.New(slog.DiscardHandler),
	}
}

// deliverAll delivers messages until none is left.
func (p *localPipeline) deliverAll(t *testing.T) {
	t.Helper()
	for ; len(p.pending) > 0; p.pending = p.pending[1:] {
		msg := p.pending[0]
		msg.attempt++
		p.redeliveries += min(1, msg.attempt-1)
		m := lambdaevents.SQSMessage{
			MessageId: "m", Body: msg.body,
			Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(msg.attempt), "MessageGroupId": "g"},
		}
		r, err := p.consumers[msg.service].HandleBatch(
			t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{m}},
		)
		if err != nil || msg.attempt > p.consumers[msg.service].Service.Inbox.MaxAttempts {
			t.Fatalf("%s: attempt %d, %v", msg.service, msg.attempt, err)
		}
		if len(r.BatchItemFailures) > 0 {
			p.pending = append(p.pending, msg)
		}
	}
}

// Send encodes events and adds them to the queues of their services.
func (p *localPipeline) Send(_ context.Context, es ...events.Event) error {
	for _, e := range es {
		b, err := events.Encode(e)
		if err != nil {
			return err
		}
		if to := services.FindDestination(string(e.Type)); to != services.Topic && to != p.dropped {
			p.pending = append(p.pending, queuedMessage{service: to, body: string(b)})
		}
	}
	return nil
}

// SendToDeadLetterQueue records the reason.
func (p *localPipeline) SendToDeadLetterQueue(_ context.Context, _ lambdaevents.SQSMessage, reason error) error {
	p.deadLetterReasons = append(p.deadLetterReasons, reason.Error())
	return nil
}

// ChangeVisibility does nothing: deliveries do not wait.
func (p *localPipeline) ChangeVisibility(context.Context, lambdaevents.SQSMessage, time.Duration) error {
	return nil
}
