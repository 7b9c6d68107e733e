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

// shape says what a world is like.
type shape struct {
	seed   uint64
	files  [][]byte // what clients upload, each its own video
	rivals int      // so many clients, the last ones, are of another tenant than the others
	faults int      // at most so many calls go wrong; 0: everything comes once and in order
	rate   float64  // chance of a call to go wrong
	wild   bool     // messages come twice and out of order, and invocations overlap
	poison int      // so many messages that nobody can handle
	once   bool     // no message comes twice, however wild the world
	cruel  bool     // calls go wrong on a message's last attempts too
	only   string   // calls go wrong whose names begin so
	swift  bool     // encoders say that they took no time: all is playable that can be
	broken bool     // the last chunk of each video can't be encoded
	mute   bool     // S3 says nothing of the objects it has
	remove bool     // the first video is deleted at some time
	hangs  bool     // what goes wrong is not answered
	at     int      // the number of the one call that goes wrong, from 1; 0: by chance
	what   verdict  // of that
	tools  *remembered
}

// world is Sluice in one process.
type world struct {
	shape
	t       testing.TB
	began   time.Time
	lasted  time.Duration
	work    string
	rng     *rand.Rand
	rows    *store.Memory
	source  *blob.Memory
	media   *blob.Memory
	sqs     *queue.Memory
	url     map[string]string // of the inboxes, by the queue's name
	dead    map[string]string // of their dead letters
	clients []*client

	mu        sync.Mutex // over all below; the scheduler alone runs without it, when all else is blocked
	waiting   []*call
	tended    time.Time // when tend ran last
	running   map[int]*process
	number    int
	calls     []*call  // that were let go
	overdue   []func() // calls that arrive after their process died
	delivered int      // messages
	ledger    ledger
	facts     map[string]fact // by id
	puts      map[string]string
	written   int      // playlists
	problems  []string // what must not be
	log       []string
}

// fact is what the topic was told.
type fact struct {
	data  string
	times int
}

// newWorld returns a world in which nothing has happened. It is called in a bubble.
func newWorld(t testing.TB, s shape) *world {
	w := &world{
		shape: s, t: t, began: time.Now(), work: t.TempDir(), rng: rand.New(rand.NewPCG(s.seed, 0)), rows: &store.Memory{},
		source: &blob.Memory{}, media: &blob.Memory{}, sqs: &queue.Memory{}, url: map[string]string{}, dead: map[string]string{},
		running: map[int]*process{}, facts: map[string]fact{}, puts: map[string]string{},
	}
	w.ledger = ledger{in: map[string]int{}, seen: map[string]bool{}, out: map[ending]int{}, first: map[string]bool{}, ends: map[string]map[ending]bool{}}
	if w.tools == nil {
		w.tools = memo
	}
	if w.wild {
		w.sqs.Shuffle = w.rng.Shuffle
		if !w.once {
			w.sqs.Copies = w.copies
		}
	}
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		w.dead[s.Name] = w.sqs.Make(s.Name+"-dead", queue.Settings{FIFO: s.Inbox.FIFO, Visibility: time.Minute})
		for _, q := range s.Queues() {
			w.url[q.Name] = w.sqs.Make(q.Name, queue.Settings{FIFO: s.Inbox.FIFO, Visibility: s.Visibility(), Receives: s.Inbox.Receives(), Dead: w.dead[s.Name]})
		}
	}
	return w
}

// run runs a world until nothing is left to do, and returns it.
func run(t *testing.T, s shape) (w *world) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, s)
		w.play()
		w.lasted = w.since()
		w.settled()
		w.report()
	})
	return w
}

func (w *world) since() time.Duration { return time.Since(w.began) }

func (w *world) draw(n int) int { return w.rng.IntN(n) }

// wrong notes what must not be. w is locked, or nothing else runs.
func (w *world) wrong(format string, args ...any) {
	w.logf("WRONG: "+format, args...)
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// later keeps a call that arrives when its process is dead.
func (w *world) later(do func(), what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.overdue = append(w.overdue, func() {
		w.logf("%s arrives", what)
		do()
	})
}

// copies says how many times more a message comes.
func (w *world) copies(queue, _ string) int {
	n := 0
	if w.url[name(queue)] == queue && w.rng.Float64() < 0.3 {
		n = 1 + w.draw(2)
	}
	w.ledger.in[service(name(queue))] += n
	return n
}

// send puts entries on a queue and counts those that are new.
func (w *world) send(in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	out, err := w.sqs.SendMessageBatch(context.Background(), in)
	if err != nil {
		w.wrong("can't send: %v", err)
		return nil, err
	}
	for _, s := range out.Successful {
		w.ledger.sent(service(name(*in.QueueUrl)), *s.MessageId)
	}
	return out, nil
}

// post puts one message on a service's queue.
func (w *world) post(to, body, group, dedup string, delay int32) {
	id := "0"
	e := types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body, DelaySeconds: delay}
	if s, _ := services.Lookup(to); s.Inbox.FIFO {
		e.MessageGroupId, e.MessageDeduplicationId, e.DelaySeconds = &group, &dedup, 0
	}
	url := w.url[to]
	_, _ = w.send(&sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []types.SendMessageBatchRequestEntry{e}})
}

// announce does as S3 when an object is made.
func (w *world) announce(key string) {
	info, err := w.source.Head(context.Background(), key)
	if err != nil {
		w.wrong("announced: %v", err)
		return
	}
	if w.mute {
		return
	}
	delay := 0
	if w.wild {
		delay = w.draw(20)
	}
	w.post("inspect", fmt.Sprintf(
		`{"Records":[{"eventName":"ObjectCreated:CompleteMultipartUpload","eventTime":%q,"s3":{"bucket":{"name":"source"},"object":{"key":%q,"size":%d,"eTag":%q}}}]}`,
		time.Now().UTC().Format(time.RFC3339), key, info.Size, info.ETag), "", "", int32(delay))
}

// save writes a row: what it says is there must be there.
func (w *world) save(ctx context.Context, v video.Video, why video.Entry) error {
	err := w.rows.Save(ctx, v, why)
	if err == nil && (v.State == video.Ready || v.State == video.Playable) {
		w.playable(v)
	}
	return err
}

// saveWindow writes a window: it must have no more in flight than it may.
func (w *world) saveWindow(ctx context.Context, v video.Window) error {
	if n := v.InFlight(); n > window {
		w.wrong("%s has %d tasks in flight", v.Tenant, n)
	}
	return w.rows.SaveWindow(ctx, v)
}

// put writes a segment: its name must not have been used for another.
func (w *world) put(ctx context.Context, key string, body io.ReadSeeker, m blob.Meta) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if before, ok := w.puts[key]; ok && before != string(text) {
		w.wrong("%s is written again with other bytes", key)
	}
	w.puts[key] = string(text)
	return w.media.Put(ctx, key, bytes.NewReader(text), m)
}

// replace writes a playlist: what it names must be there, and what the one before listed must be listed still.
func (w *world) replace(ctx context.Context, key, etag string, body io.ReadSeeker, m blob.Meta) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	before := w.read(key)
	err = w.media.Replace(ctx, key, etag, bytes.NewReader(text), m)
	if err == nil {
		w.written++
		w.names(key, string(text))
		w.follows(key, before, string(text))
	}
	return err
}

// tell does as the topic. What is told again is told in the same words; and the row says it already.
func (w *world) tell(body string) error {
	e, err := events.Decode([]byte(body))
	if err != nil {
		return err
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	before, again := w.facts[e.ID]
	if again && before.data != string(data) {
		w.wrong("%s is told again in other words: %s, before %s", e.ID, data, before.data)
	}
	w.facts[e.ID] = fact{string(data), before.times + 1}
	v, err := w.rows.Video(context.Background(), e.Tenant, e.Video)
	want := map[events.Type][]video.State{
		events.VideoProcessing: {video.Processing, video.Playable, video.Ready, video.Failed},
		events.VideoPlayable:   {video.Playable, video.Ready, video.Failed}, events.VideoReady: {video.Ready},
		events.VideoFailed: {video.Failed}, events.VideoDeleted: {video.Deleted},
	}
	gone := v.State == video.Deleting || v.State == video.Deleted // a call of the dead may arrive then
	if err != nil || !gone && !slices.Contains(want[e.Type], v.State) {
		w.wrong("%s is told while the row says %s, %v", e.ID, v.State, err)
	}
	return nil
}

// name returns the name of a queue.
func name(url string) string { return strings.TrimPrefix(url, "memory://queue/") }

// service returns the service whose inbox a queue is; the name itself where it is none.
func service(queue string) string {
	for _, q := range services.Queues() {
		if q.Name == queue {
			return q.Service
		}
	}
	return queue
}
