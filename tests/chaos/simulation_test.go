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
	"sluice/shared/platform/store/table"
)

// scenario describes a run.
type scenario struct {
	seed           uint64
	files          [][]byte    // uploads; each becomes a video
	otherTenants   int         // number of clients that belong to another tenant: the last ones
	maxFaults      int         // maximum number of injected faults; 0: each message arrives once and in order
	faultRate      float64     // probability that a call fails
	unordered      bool        // messages arrive twice and out of order, and invocations overlap
	poisonMessages int         // number of messages that no service can handle
	noDuplicates   bool        // no message arrives twice, even if unordered
	faultsToTheEnd bool        // faults are injected in the last attempts of a message too
	faultPrefix    string      // faults only in calls whose names begin so
	instantEncode  bool        // encoding takes no time, so that a video is playable as early as possible
	lastChunkFails bool        // the last chunk of each video can't be encoded
	noS3Events     bool        // S3 sends no events
	deletesFirst   bool        // the first video is deleted at a random time
	faultsHang     bool        // faulty calls hang
	faultAt        int         // number of the only faulty call, from 1; 0: random
	faultOutcome   callOutcome // outcome of that call
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
	queueURLs      map[string]string // of the services' queues, by name
	deadLetterURLs map[string]string // by service
	clients        []*uploadClient

	// guards the fields below; the scheduler does not need it while everything else is blocked
	mu                sync.Mutex
	waitingCalls      []*pendingCall
	reconciledAt      time.Time // start of the last run of reconcile
	running           map[int]*process
	lastNumber        int
	calls             []*pendingCall // decided calls
	lateCalls         []func()       // calls that are made after their process has died
	deliveredMessages int            // including redeliveries
	ledger            messageLedger
	topicEvents       map[string]topicEvent // by id
	segments          map[string]string
	playlistWrites    int      // of playlists
	problems          []string // violations
	log               []string
}

// topicEvent is an event that was published to the topic.
type topicEvent struct {
	data  string
	times int
}

// newSimulation returns a simulation before its first step. It must be called in a synctest bubble.
func newSimulation(t testing.TB, s scenario) *simulation {
	sim := &simulation{
		scenario: s, t: t, startedAt: time.Now(), workFolder: t.TempDir(), rng: rand.New(rand.NewPCG(s.seed, 0)),
		store:  store.NewMemory(),
		source: &blob.Memory{}, media: &blob.Memory{}, sqs: &queue.Memory{}, queueURLs: map[string]string{},
		deadLetterURLs: map[string]string{},
		running:        map[int]*process{}, topicEvents: map[string]topicEvent{}, segments: map[string]string{},
	}
	sim.ledger = messageLedger{
		received: map[string]int{}, seen: map[string]bool{}, outcomes: map[messageOutcome]int{},
		handled: map[string]bool{}, outcomesByMessage: map[string]map[messageOutcome]bool{},
	}
	if sim.tools == nil {
		sim.tools = toolCache
	}
	if sim.unordered {
		sim.sqs.Shuffle = sim.rng.Shuffle
		if !sim.noDuplicates {
			sim.sqs.ExtraCopies = sim.drawCopies
		}
	}
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		sim.deadLetterURLs[s.Name] = sim.sqs.CreateQueue(
			s.Name+"-dead", queue.Settings{FIFO: s.Inbox.FIFO, VisibilityTimeout: time.Minute},
		)
		for _, q := range s.Queues() {
			sim.queueURLs[q.Name] = sim.sqs.CreateQueue(
				q.Name,
				queue.Settings{
					FIFO: s.Inbox.FIFO, VisibilityTimeout: s.VisibilityTimeout(),
					MaxReceives: s.Inbox.MaxReceiveCount(), DeadLetterURL: sim.deadLetterURLs[s.Name],
				},
			)
		}
	}
	return sim
}

// runScenario runs a simulation to its end, checks the ledger, and returns it.
func runScenario(t *testing.T, s scenario) (sim *simulation) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sim = newSimulation(t, s)
		sim.runSchedule()
		sim.duration = sim.elapsed()
		sim.checkLedger()
		sim.reportProblems()
	})
	return sim
}

func (sim *simulation) elapsed() time.Duration { return time.Since(sim.startedAt) }

func (sim *simulation) drawInt(n int) int { return sim.rng.IntN(n) }

// recordProblem records a violation. The caller holds w.mu, or nothing else runs.
func (sim *simulation) recordProblem(format string, args ...any) {
	sim.logf("VIOLATION: "+format, args...)
	sim.problems = append(sim.problems, fmt.Sprintf(format, args...))
}

// scheduleLateCall keeps a call that is made after its process has died.
func (sim *simulation) scheduleLateCall(do func(), what string) {
	sim.mu.Lock()
	defer sim.mu.Unlock()
	sim.lateCalls = append(sim.lateCalls, func() {
		sim.logf("%s arrives", what)
		do()
	})
}

// drawCopies returns how many additional times a message is delivered.
func (sim *simulation) drawCopies(queue, _ string) int {
	n := 0
	if sim.queueURLs[queueName(queue)] == queue && sim.rng.Float64() < 0.3 {
		n = 1 + sim.drawInt(2)
	}
	sim.ledger.received[queueService(queueName(queue))] += n
	return n
}

// sendBatch sends entries to a queue and counts the new ones.
func (sim *simulation) sendBatch(in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	out, err := sim.sqs.SendMessageBatch(context.Background(), in)
	if err != nil {
		sim.recordProblem("can't send: %v", err)
		return nil, err
	}
	for _, s := range out.Successful {
		sim.ledger.recordSent(queueService(queueName(*in.QueueUrl)), *s.MessageId)
	}
	return out, nil
}

// sendMessage sends one message to a service's queue.
func (sim *simulation) sendMessage(to, body, group, dedup string, delay int32) {
	id := "0"
	e := types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body, DelaySeconds: delay}
	if s, _ := services.Lookup(to); s.Inbox.FIFO {
		e.MessageGroupId, e.MessageDeduplicationId, e.DelaySeconds = &group, &dedup, 0
	}
	url := sim.queueURLs[to]
	_, _ = sim.sendBatch(&sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []types.SendMessageBatchRequestEntry{e}})
}

// sendS3Event sends S3's event for a new object.
func (sim *simulation) sendS3Event(key string) {
	info, err := sim.source.HeadObject(context.Background(), key)
	if err != nil {
		sim.recordProblem("S3 event of a missing object: %v", err)
		return
	}
	if sim.noS3Events {
		return
	}
	delay := 0
	if sim.unordered {
		delay = sim.drawInt(20)
	}
	sim.sendMessage("inspect", fmt.Sprintf(
		`{"Records":[{"eventName":"ObjectCreated:CompleteMultipartUpload","eventTime":%q,"s3":{"bucket":{"name":"source"},"object":{"key":%q,"size":%d,"eTag":%q}}}]}`,
		time.Now().UTC().Format(time.RFC3339), key, info.Size, info.ETag), "", "", int32(delay))
}

// checkSavedVideo checks the row of a video after a write: the objects of a playable video must exist.
func (sim *simulation) checkSavedVideo(k table.Key) {
	ids := strings.Split(k.PK, "#")
	if k.Kind() != services.VideoRows {
		return
	}
	v, err := sim.store.LoadVideo(context.Background(), ids[1], ids[2])
	if err != nil {
		sim.recordProblem("saved: %v", err)
	} else if v.State == video.Ready || v.State == video.Playable {
		sim.checkPlayableRow(v)
	}
}

// checkInFlightLimit checks a write of a tenant's in-flight limit: no more tasks may be in flight than allowed.
func (sim *simulation) checkInFlightLimit(write table.Write) {
	if write.Key.Kind() != services.InFlightLimitRows {
		return
	}
	written := store.NewMemory() // the write can still fail in the simulation's own store
	_, _ = written.Table.Write(context.Background(), table.Write{Key: write.Key, Change: write.Change})
	_, tenant, _ := strings.Cut(write.Key.PK, "#")
	_, lane, _ := strings.Cut(write.Key.SK, "#")
	l, err := written.LoadInFlightLimit(context.Background(), tenant, video.Lane(lane))
	if n := l.CountInFlight(); n > inFlightLimit || err != nil {
		sim.recordProblem("%s has %d tasks in flight, %v", tenant, n, err)
	}
}

// putSegment writes a segment and checks that its name was not used for other content.
func (sim *simulation) putSegment(ctx context.Context, key string, body io.ReadSeeker, m blob.Metadata) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if before, ok := sim.segments[key]; ok && before != string(text) {
		sim.recordProblem("%s was written again with other content", key)
	}
	sim.segments[key] = string(text)
	return sim.media.PutObject(ctx, key, bytes.NewReader(text), m)
}

// replacePlaylist writes a playlist and checks it.
func (sim *simulation) replacePlaylist(
	ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Metadata,
) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	before := sim.readObject(key)
	err = sim.media.ReplaceObject(ctx, key, etag, bytes.NewReader(text), m)
	if err == nil {
		sim.playlistWrites++
		sim.checkPlaylistReferences(key, string(text))
		sim.checkPlaylistUpdate(key, before, string(text))
	}
	return err
}

// publishEvent receives an event for the topic. A repeated event must have the same content, and the row must already
// say the same.
func (sim *simulation) publishEvent(body string) error {
	e, err := events.Decode([]byte(body))
	if err != nil {
		return err
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	before, again := sim.topicEvents[e.ID]
	if again && before.data != string(data) {
		sim.recordProblem("%s was published again with other content: %s, before %s", e.ID, data, before.data)
	}
	sim.topicEvents[e.ID] = topicEvent{string(data), before.times + 1}
	v, err := sim.store.LoadVideo(context.Background(), e.Tenant, e.Video)
	want := map[events.Type][]video.State{
		events.VideoProcessing: {video.Processing, video.Playable, video.Ready, video.Failed},
		events.VideoPlayable:   {video.Playable, video.Ready, video.Failed}, events.VideoReady: {video.Ready},
		events.VideoFailed: {video.Failed}, events.VideoDeleted: {video.Deleted},
	}
	gone := v.State == video.Deleting || v.State == video.Deleted // a late call can arrive then
	if err != nil || !gone && !slices.Contains(want[e.Type], v.State) {
		sim.recordProblem("%s was published while the row says %s, %v", e.ID, v.State, err)
	}
	return nil
}

// queueName returns the name of the queue with a URL.
func queueName(url string) string { return strings.TrimPrefix(url, "memory://queue/") }

// queueService returns the service that a queue belongs to, or the name itself if there is none.
func queueService(queue string) string {
	for _, q := range services.ListQueues() {
		if q.Name == queue {
			return q.Service
		}
	}
	return queue
}
