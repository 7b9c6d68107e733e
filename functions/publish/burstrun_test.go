package publish_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"syscall"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/functions/publish"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
)

// burstRun is a publish function with its queue. Each task that it requests is done at once.
type burstRun struct {
	burst
	testing.TB
	calls    map[string]int
	consumer *queue.Consumer
	rows     store.Store
	media    *blob.Memory
	pending  []lambdaevents.SQSMessage // publish's queue
	sent     []string                  // bodies of the messages that it has sent since its last batch
	facts    map[string]int            // how often each was announced, by id
	videos   []video.Ref
	lastID   int
	sends    int // calls
	now      time.Time
}

func newBurstRun(tb testing.TB, w burst) *burstRun {
	r := &burstRun{
		burst: w, TB: tb, calls: map[string]int{}, rows: store.NewMemory(), media: &blob.Memory{},
		facts: map[string]int{}, now: noon,
	}
	rows := store.New(countedTable{r.rows.Table, r.calls})
	now := func() time.Time { r.now = r.now.Add(time.Millisecond); return r.now }
	owner := publish.VideoOwner{
		Videos: rows, Tasks: rows, DenyList: rows, Playlists: countedBucket{r.media, r.calls}, Now: now,
		Log:       slog.New(slog.DiscardHandler),
		FairShare: publish.FairShare{Limits: rows, WaitQueue: rows, Videos: rows, MaxInFlight: w.limit, Now: now},
	}
	r.consumer = r.newConsumer(owner)
	for t := range w.tenants {
		for n := range w.videos {
			r.createVideo(fmt.Sprint("tenant-", t), fmt.Sprintf("vid_%dx%d", t, n))
		}
	}
	return r
}

func (r *burstRun) createVideo(tenant, id string) {
	v := video.Video{
		Tenant: tenant, ID: id, Playback: r.nextPlaybackID(), State: video.Waiting, Version: 1,
		Source: video.Source{Key: services.OriginalKey(tenant, id), Size: 1}, Times: video.Times{Created: noon},
	}
	u := video.Upload{Tenant: tenant, ID: "upl_" + id, Video: id}
	if err := r.rows.CreateVideo(context.Background(), v, u); err != nil {
		r.Fatal(err)
	}
	r.videos = append(r.videos, video.Ref{Tenant: tenant, ID: id})
	r.addMessage(events.New(tenant, id, noon, video.UploadCompleted{At: noon}))
	plan := testPlan
	plan.Borders = nil
	for k := range r.tasks { // one of them is the audio
		plan.Borders = append(plan.Borders, k*200)
	}
	r.addMessage(events.New(tenant, id, noon, video.MediaInspected{
		UploadedAt: noon, At: noon.Add(time.Second), ETag: "e1", Plan: plan, Media: video.Media{
			Container: "mov", VideoCodec: "h264", AudioCodec: "aac", Width: 1280, Height: 720,
			Rate: plan.Rate, Frames: plan.FrameCount(), TimeBase: video.Rate{Num: 1, Den: 12800}, Duration: 56,
		},
	}))
}

// nextPlaybackID returns a playback id that no other video has.
func (r *burstRun) nextPlaybackID() string {
	n := len(r.pending)
	return playbackID[:len(playbackID)-2] + string(rune('a'+n/26)) + string(rune('a'+n%26))
}

// addMessage adds an event to publish's queue.
func (r *burstRun) addMessage(e events.Event) {
	body, err := events.Encode(e)
	if err != nil {
		r.Fatal(err)
	}
	r.lastID++
	r.pending = append(r.pending, lambdaevents.SQSMessage{
		MessageId: fmt.Sprint(r.lastID), Body: string(body), EventSourceARN: "arn:aws:sqs:eu-central-1:1:publish.fifo",
		Attributes: map[string]string{"ApproximateReceiveCount": "1", "MessageGroupId": e.Tenant + "." + e.Video},
	})
}

// takeBatch takes the next batch out of the queue.
func (r *burstRun) takeBatch() (batch []lambdaevents.SQSMessage) {
	seen := map[string]bool{}
	r.pending = slices.DeleteFunc(r.pending, func(m lambdaevents.SQSMessage) bool {
		group := m.Attributes["MessageGroupId"]
		if len(batch) == r.batch || r.oneForEachVideo && seen[group] {
			return false
		}
		seen[group] = true
		batch = append(batch, m)
		return true
	})
	return batch
}

// returnFailed puts the messages of a batch that have failed back into the queue, at its front.
func (r *burstRun) returnFailed(batch []lambdaevents.SQSMessage, out lambdaevents.SQSEventResponse) {
	var back []lambdaevents.SQSMessage
	for _, m := range batch {
		if slices.ContainsFunc(out.BatchItemFailures, func(f lambdaevents.SQSBatchItemFailure) bool {
			return f.ItemIdentifier == m.MessageId
		}) {
			m.Attributes = maps.Clone(m.Attributes)
			m.Attributes["ApproximateReceiveCount"] = "2"
			back = append(back, m)
		}
	}
	r.pending = append(back, r.pending...)
}

// checkFacts checks that each video was announced as playable and as ready: once, unless sends have failed.
func (r *burstRun) checkFacts() {
	for _, ref := range r.videos {
		for _, typ := range []events.Type{events.VideoPlayable, events.VideoReady} {
			if n := r.facts[ref.ID+":"+string(typ)]; n < 1 || n > 1 && r.failedSends == 0 {
				r.Errorf("%s of %s was sent %d times", typ, ref.ID, n)
			}
		}
	}
}

// run handles all events and returns what they have used.
func (r *burstRun) run() usage {
	var used usage
	for len(r.pending) > 0 {
		batch := r.takeBatch()
		began := processCPU()
		out, err := r.consumer.HandleBatch(context.Background(), lambdaevents.SQSEvent{Records: batch})
		used.cpu += processCPU() - began
		used.events += len(batch)
		if err != nil || r.failedSends == 0 && len(out.BatchItemFailures) > 0 {
			r.Fatalf("%v, %v", out.BatchItemFailures, err)
		}
		r.returnFailed(batch, out)
		r.finishRequested()
	}
	r.checkFacts()
	used.calls = r.calls
	return used
}

func processCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
