package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/events"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
)

// scenario says what a world is like.
type scenario struct {
	seed           uint64
	files          [][]byte    // what clients upload, each its own video
	otherTenants   int         // so many clients, the last ones, are of another tenant than the others
	maxFaults      int         // at most so many calls go wrong; 0: everything comes once and in order
	faultRate      float64     // chance of a call to go wrong
	unordered      bool        // messages come twice and out of order, and invocations overlap
	poisonMessages int         // so many messages that nobody can handle
	noDuplicates   bool        // no message comes twice, however wild the world
	faultsToTheEnd bool        // calls go wrong on a message's last attempts too
	faultPrefix    string      // calls go wrong whose names begin so
	instantEncode  bool        // encoders say that they took no time: all is playable that can be
	lastChunkFails bool        // the last chunk of each video can't be encoded
	noS3Events     bool        // S3 says nothing of the objects it has
	deletesFirst   bool        // the first video is deleted at some time
	faultsHang     bool        // what goes wrong is not answered
	faultAt        int         // the number of the one call that goes wrong, from 1; 0: by chance
	faultOutcome   callOutcome // of that
	tools          *cachedTools
}

// simulation is Sluice in one process.
type simulation struct {
	scenario
	t              testing.TB
	startedAt      time.Time
	duration       time.Duration
	workFolder     string
	rng            *rand.Rand
	store          store.Store
	source         *blob.Memory
	media          *blob.Memory
	sqs            *queue.Memory
	queueURLs      map[string]string // of the inboxes, by the queue's name
	deadLetterURLs map[string]string // of their dead letters
	clients        []*uploadClient

	mu                sync.Mutex // over all below; the scheduler alone runs without it, when all else is blocked
	waitingCalls      []*pendingCall
	reconciledAt      time.Time // when tend ran last
	running           map[int]*process
	lastNumber        int
	calls             []*pendingCall // that were let go
	lateCalls         []func()       // calls that arrive after their process died
	deliveredMessages int            // messages
	ledger            messageLedger
	topicEvents       map[string]topicEvent // by id
	segments          map[string]string
	playlistWrites    int      // playlists
	problems          []string // what must not be
	log               []string
}

// topicEvent is what the topic was told.
type topicEvent struct {
	data  string
	times int
}

// newSimulation returns a world in which nothing has happened. It is called in a bubble.
func newSimulation(t testing.TB, s scenario) *simulation {
	w := &simulation{
		scenario: s, t: t, startedAt: time.Now(), workFolder: t.TempDir(), rng: rand.New(rand.NewPCG(s.seed, 0)), store: store.NewMemory(),
		source: &blob.Memory{}, media: &blob.Memory{}, sqs: &queue.Memory{}, queueURLs: map[string]string{}, deadLetterURLs: map[string]string{},
		running: map[int]*process{}, topicEvents: map[string]topicEvent{}, segments: map[string]string{},
	}
	w.ledger = messageLedger{received: map[string]int{}, seen: map[string]bool{}, outcomes: map[messageOutcome]int{}, handled: map[string]bool{}, outcomesByMessage: map[string]map[messageOutcome]bool{}}
	if w.tools == nil {
		w.tools = toolCache
	}
	if w.unordered {
		w.sqs.Shuffle = w.rng.Shuffle
		if !w.noDuplicates {
			w.sqs.ExtraCopies = w.drawCopies
		}
	}
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		w.deadLetterURLs[s.Name] = w.sqs.CreateQueue(s.Name+"-dead", queue.Settings{FIFO: s.Inbox.FIFO, VisibilityTimeout: time.Minute})
		for _, q := range s.Queues() {
			w.queueURLs[q.Name] = w.sqs.CreateQueue(q.Name, queue.Settings{FIFO: s.Inbox.FIFO, VisibilityTimeout: s.VisibilityTimeout(), MaxReceives: s.Inbox.MaxReceiveCount(), DeadLetterURL: w.deadLetterURLs[s.Name]})
		}
	}
	return w
}

// runScenario runs a world until nothing is left to do, and returns it.
func runScenario(t *testing.T, s scenario) (w *simulation) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w = newSimulation(t, s)
		w.runSchedule()
		w.duration = w.elapsed()
		w.checkLedger()
		w.reportProblems()
	})
	return w
}

func (w *simulation) elapsed() time.Duration { return time.Since(w.startedAt) }

func (w *simulation) drawInt(n int) int { return w.rng.IntN(n) }

// recordProblem notes what must not be. w is locked, or nothing else runs.
func (w *simulation) recordProblem(format string, args ...any) {
	w.logf("WRONG: "+format, args...)
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// scheduleLateCall keeps a call that arrives when its process is dead.
func (w *simulation) scheduleLateCall(do func(), what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lateCalls = append(w.lateCalls, func() {
		w.logf("%s arrives", what)
		do()
	})
}

// drawCopies says how many times more a message comes.
func (w *simulation) drawCopies(queue, _ string) int {
	n := 0
	if w.queueURLs[queueName(queue)] == queue && w.rng.Float64() < 0.3 {
		n = 1 + w.drawInt(2)
	}
	w.ledger.received[queueService(queueName(queue))] += n
	return n
}

// sendBatch puts entries on a queue and counts those that are new.
func (w *simulation) sendBatch(in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	out, err := w.sqs.SendMessageBatch(context.Background(), in)
	if err != nil {
		w.recordProblem("can't send: %v", err)
		return nil, err
	}
	for _, s := range out.Successful {
		w.ledger.recordSent(queueService(queueName(*in.QueueUrl)), *s.MessageId)
	}
	return out, nil
}

// sendMessage puts one message on a service's queue.
func (w *simulation) sendMessage(to, body, group, dedup string, delay int32) {
	id := "0"
	e := types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body, DelaySeconds: delay}
	if s, _ := services.Lookup(to); s.Inbox.FIFO {
		e.MessageGroupId, e.MessageDeduplicationId, e.DelaySeconds = &group, &dedup, 0
	}
	url := w.queueURLs[to]
	_, _ = w.sendBatch(&sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []types.SendMessageBatchRequestEntry{e}})
}

// sendS3Event does as S3 when an object is made.
func (w *simulation) sendS3Event(key string) {
	info, err := w.source.HeadObject(context.Background(), key)
	if err != nil {
		w.recordProblem("announced: %v", err)
		return
	}
	if w.noS3Events {
		return
	}
	delay := 0
	if w.unordered {
		delay = w.drawInt(20)
	}
	w.sendMessage("inspect", fmt.Sprintf(
		`{"Records":[{"eventName":"ObjectCreated:CompleteMultipartUpload","eventTime":%q,"s3":{"bucket":{"name":"source"},"object":{"key":%q,"size":%d,"eTag":%q}}}]}`,
		time.Now().UTC().Format(time.RFC3339), key, info.Size, info.ETag), "", "", int32(delay))
}

// checkSavedVideo checks a video's row after a write: what it says is playable must be there.
func (w *simulation) checkSavedVideo(k store.Key) {
	ids := strings.Split(k.PK, "#")
	if k.Kind() != services.VideoRows {
		return
	}
	v, err := w.store.LoadVideo(context.Background(), ids[1], ids[2])
	if err != nil {
		w.recordProblem("saved: %v", err)
	} else if v.State == video.Ready || v.State == video.Playable {
		w.checkPlayableRow(v)
	}
}

// checkInFlightLimit checks a write of a tenant's in-flight limit: it must have no more tasks in flight than allowed.
func (w *simulation) checkInFlightLimit(write store.Write) {
	if write.Key.Kind() != services.InFlightLimitRows {
		return
	}
	written := store.NewMemory() // it may yet fail in the simulation's own store
	_, _ = written.Table.Write(context.Background(), store.Write{Key: write.Key, Put: write.Put})
	_, tenant, _ := strings.Cut(write.Key.PK, "#")
	_, lane, _ := strings.Cut(write.Key.SK, "#")
	l, err := written.LoadInFlightLimit(context.Background(), tenant, video.Lane(lane))
	if n := l.CountInFlight(); n > inFlightLimit || err != nil {
		w.recordProblem("%s has %d tasks in flight, %v", tenant, n, err)
	}
}

// putSegment writes a segment: its name must not have been used for another.
func (w *simulation) putSegment(ctx context.Context, key string, body io.ReadSeeker, m blob.Metadata) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if before, ok := w.segments[key]; ok && before != string(text) {
		w.recordProblem("%s is written again with other bytes", key)
	}
	w.segments[key] = string(text)
	return w.media.PutObject(ctx, key, bytes.NewReader(text), m)
}

// replacePlaylist writes a playlist: what it names must be there, and what the one before listed must be listed still.
func (w *simulation) replacePlaylist(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	before := w.readObject(key)
	err = w.media.ReplaceObject(ctx, key, etag, bytes.NewReader(text), m)
	if err == nil {
		w.playlistWrites++
		w.checkPlaylistReferences(key, string(text))
		w.checkPlaylistUpdate(key, before, string(text))
	}
	return err
}

// publishEvent does as the topic. What is told again is told in the same words; and the row says it already.
func (w *simulation) publishEvent(body string) error {
	e, err := events.Decode([]byte(body))
	if err != nil {
		return err
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	before, again := w.topicEvents[e.ID]
	if again && before.data != string(data) {
		w.recordProblem("%s is told again in other words: %s, before %s", e.ID, data, before.data)
	}
	w.topicEvents[e.ID] = topicEvent{string(data), before.times + 1}
	v, err := w.store.LoadVideo(context.Background(), e.Tenant, e.Video)
	want := map[events.Type][]video.State{
		events.VideoProcessing: {video.Processing, video.Playable, video.Ready, video.Failed},
		events.VideoPlayable:   {video.Playable, video.Ready, video.Failed}, events.VideoReady: {video.Ready},
		events.VideoFailed: {video.Failed}, events.VideoDeleted: {video.Deleted},
	}
	gone := v.State == video.Deleting || v.State == video.Deleted // a call of the dead may arrive then
	if err != nil || !gone && !slices.Contains(want[e.Type], v.State) {
		w.recordProblem("%s is told while the row says %s, %v", e.ID, v.State, err)
	}
	return nil
}

// queueName returns the name of a queue.
func queueName(url string) string { return strings.TrimPrefix(url, "memory://queue/") }

// queueService returns the service whose inbox a queue is; the name itself where it is none.
func queueService(queue string) string {
	for _, q := range services.ListQueues() {
		if q.Name == queue {
			return q.Service
		}
	}
	return queue
}
