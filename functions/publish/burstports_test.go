package publish_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/events"
	"sluice/functions/publish"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store/table"
)

// finishRequested adds the result of each task that was requested to the queue, and counts facts.
func (r *burstRun) finishRequested() {
	bodies := r.sent
	r.sent = nil
	for _, body := range bodies {
		e, err := events.Decode([]byte(body))
		if err != nil {
			r.Fatal(err)
		}
		switch d := e.Data.(type) {
		case video.EncodeRequested:
			r.addMessage(events.New(e.Tenant, e.Video, e.Time, r.newTaskResult(d)))
		case video.VideoPlayable, video.VideoReady:
			r.facts[e.ID]++
		}
	}
}

// newTaskResult returns the result of a task that has taken five seconds, and has ended 0.1 s after the one before.
func (r *burstRun) newTaskResult(d video.EncodeRequested) video.EncodeDone {
	result := video.Result{Task: d.Task}
	track := func(name, codec string, scale int, ticks int64) {
		t := video.Track{Name: name, Codec: codec, InitHash: strings.Repeat("ab", 32), Timescale: scale}
		for from := d.Task.From; from < d.Task.To; from += d.Plan.SegmentFrames {
			t.Segments = append(t.Segments, video.Segment{Bytes: int64(100000 + from), Ticks: ticks})
		}
		result.Tracks = append(result.Tracks, t)
	}
	if d.Task.Kind == video.AudioTask {
		track("audio", "mp4a.40.2", 48000, 96000)
	} else {
		result.Frames = d.Task.To - d.Task.From
		track("720p", "avc1.64001f", 12800, 25600)
		track("360p", "avc1.64001e", 12800, 25600)
	}
	r.now = r.now.Add(100 * time.Millisecond)
	return video.EncodeDone{Started: r.now.Add(-5 * time.Second), At: r.now, Result: result}
}

func (r *burstRun) newConsumer(owner publish.VideoOwner) *queue.Consumer {
	s, _ := services.Lookup("publish")
	return &queue.Consumer{
		Service: s, Handle: owner.Handle, HandleTogether: owner.HandleBatch, Log: slog.New(slog.DiscardHandler),
		Queue: ignoredQueue{}, Send: &queue.Publisher{
			Service: s, Queues: burstSQS{r}, Topic: burstSNS{r}, URL: func(q string) string { return q },
			TopicARN: "topic",
		},
	}
}

// ignoredQueue ignores when messages are to be delivered again: the run delivers them at once.
type ignoredQueue struct{ queue.InboundQueue }

func (ignoredQueue) ChangeVisibility(context.Context, lambdaevents.SQSMessage, time.Duration) error {
	return nil
}

var errRefused = errors.New("refused")

// refusesSend reports whether a call that sends fails: one of failedSends.
func (r *burstRun) refusesSend() bool {
	r.sends++
	return r.failedSends > 0 && r.sends%r.failedSends == 0
}

type burstSQS struct{ *burstRun }

func (s burstSQS) SendMessageBatch(
	_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options),
) (*sqs.SendMessageBatchOutput, error) {
	if s.calls["sqs.SendMessageBatch"]++; s.refusesSend() {
		return nil, errRefused
	}
	for _, e := range in.Entries {
		s.sent = append(s.sent, *e.MessageBody)
	}
	return &sqs.SendMessageBatchOutput{}, nil
}

type burstSNS struct{ *burstRun }

func (s burstSNS) Publish(
	_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options),
) (*sns.PublishOutput, error) {
	if s.calls["sns.Publish"]++; s.refusesSend() {
		return nil, errRefused
	}
	s.sent = append(s.sent, *in.Message)
	return &sns.PublishOutput{}, nil
}

// countedTable counts the calls of a table.
type countedTable struct {
	table.Table
	calls map[string]int
}

func (t countedTable) Get(ctx context.Context, k table.Key) (table.Row, error) {
	t.calls["dynamodb.GetItem"]++
	return t.Table.Get(ctx, k)
}

func (t countedTable) GetBatch(ctx context.Context, keys []table.Key) ([]table.Row, error) {
	t.calls["dynamodb.BatchGetItem"]++
	return t.Table.GetBatch(ctx, keys)
}

func (t countedTable) Write(ctx context.Context, w table.Write) (table.Row, error) {
	if _, put := w.Change.(table.Put); put {
		t.calls["dynamodb.PutItem"]++
	} else {
		t.calls["dynamodb.UpdateItem"]++
	}
	return t.Table.Write(ctx, w)
}

func (t countedTable) Transact(ctx context.Context, writes ...table.Write) error {
	t.calls["dynamodb.TransactWriteItems"]++
	return t.Table.Transact(ctx, writes...)
}

func (t countedTable) Query(ctx context.Context, q table.Query) ([]table.Row, table.Row, error) {
	t.calls["dynamodb.Query"]++
	return t.Table.Query(ctx, q)
}

func (t countedTable) Delete(ctx context.Context, keys []table.Key) error {
	t.calls["dynamodb.BatchWriteItem"]++
	return t.Table.Delete(ctx, keys)
}

// countedBucket counts the calls of a bucket.
type countedBucket struct {
	publish.PlaylistStore
	calls map[string]int
}

func (b countedBucket) GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error) {
	b.calls["s3.GetObject"]++
	return b.PlaylistStore.GetObject(ctx, key)
}

func (b countedBucket) ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata) error {
	b.calls["s3.PutObject"]++
	return b.PlaylistStore.ReplaceObject(ctx, key, etag, body, m)
}
