package reconcile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"sluice/functions/reconcile"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// deadLetterEnv has the dead-letter queues of all services in memory, and a Reconciler that has only them.
type deadLetterEnv struct {
	*queue.Memory
	table store.Store
	logs  *bytes.Buffer
	reconcile.Reconciler
}

func newDeadLetterEnv() *deadLetterEnv {
	env := &deadLetterEnv{Memory: &queue.Memory{}, table: store.NewMemory(), logs: &bytes.Buffer{}}
	env.Reconciler = reconcile.Reconciler{
		Videos: env.table, DeadLetters: env.table,
		DeadLetterQueues: queue.DeadLetterConsumer{Client: env, URL: deadLetterQueueURL}, Autoscaler: &fakeAutoscaler{},
		Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(env.logs, nil)),
	}
	for _, s := range services.Map {
		if s.Inbox != nil {
			env.CreateQueue(s.Name+"-dead", queue.Settings{FIFO: s.Inbox.FIFO, VisibilityTimeout: time.Minute})
		}
	}
	return env
}

func deadLetterQueueURL(service string) string { return "memory://queue/" + service + "-dead" }

// fillQueues puts n messages into each queue.
func (env *deadLetterEnv) fillQueues(t *testing.T, n int) (all int) {
	t.Helper()
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		for i := range n {
			at, body := deadLetterQueueURL(s.Name), fmt.Sprintf("%s %d", s.Name, i)
			in := &sqs.SendMessageInput{QueueUrl: &at, MessageBody: &body}
			if s.Inbox.FIFO {
				in.MessageGroupId, in.MessageDeduplicationId = &s.Name, &body
			}
			if _, err := env.SendMessage(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			all++
		}
	}
	return all
}

// readDeadLetters returns the stored dead letters by their bodies.
func (env *deadLetterEnv) readDeadLetters(t *testing.T) map[string]video.DeadLetter {
	t.Helper()
	found := map[string]video.DeadLetter{}
	page, _, err := env.table.ListDeadLetters(t.Context(), video.DeadLetterFilter{}, "", time.Now(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range page {
		if l, err = env.table.LoadDeadLetter(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
		found[l.Body] = l
	}
	return found
}

func TestEveryDeadLetterIsStored(t *testing.T) {
	t.Parallel()
	env := newDeadLetterEnv()
	n := env.fillQueues(t, 25)
	for range 2 {
		if err := env.Run(t.Context(), reconcile.Signal{}); err != nil {
			t.Fatal(err)
		}
	}
	found := env.readDeadLetters(t)
	if len(found) != n {
		t.Errorf("%d of %d stored", len(found), n)
	}
	for body, l := range found {
		if !strings.HasPrefix(body, l.Service+" ") || !l.Created.Equal(noon) || l.State != video.DeadLetterOpen {
			t.Errorf("%s is stored as %+v", body, l)
		}
		if left := env.CountMessages(deadLetterQueueURL(l.Service)); left > 0 {
			t.Errorf("%d messages are left in the queue of %s", left, l.Service)
		}
	}
}

// rejectingStore can't store some dead letters.
type rejectingStore struct {
	store.Store
	reject func(video.DeadLetter) error
}

func (s rejectingStore) CreateDeadLetter(ctx context.Context, l video.DeadLetter) error {
	if err := s.reject(l); err != nil {
		return err
	}
	return s.Store.CreateDeadLetter(ctx, l)
}

func TestFailedStoreDoesNotBlockOtherQueues(t *testing.T) {
	t.Parallel()
	env := newDeadLetterEnv()
	n, full := env.fillQueues(t, 1), errors.New("full")
	env.DeadLetters = rejectingStore{env.table, func(l video.DeadLetter) error {
		if l.Service == "inspect" {
			return full
		}
		return nil
	}}
	if err := env.Run(t.Context(), reconcile.Signal{}); !errors.Is(err, full) {
		t.Errorf("Run returns %v", err)
	}
	if found := env.readDeadLetters(t); len(found) != n-1 || env.CountMessages(deadLetterQueueURL("inspect")) != 1 {
		t.Errorf("%d of %d stored", len(found), n)
	}
}

// Messages that are left are stored by the next run.
func TestRunStopsBeforeDeadline(t *testing.T) {
	t.Parallel()
	env := newDeadLetterEnv()
	env.fillQueues(t, 30)
	ctx, cancel := context.WithCancel(t.Context())
	env.DeadLetters = rejectingStore{env.table, func(video.DeadLetter) error { cancel(); return nil }}
	if err := env.Run(ctx, reconcile.Signal{}); err != nil && errs.KindOf(err) != errs.Transient {
		t.Fatal(err)
	}
	if n := len(env.readDeadLetters(t)); n > 10 {
		t.Errorf("%d stored after the context has ended", n)
	}
	env.DeadLetters = env.table
	soon, cancel := context.WithDeadline(t.Context(), time.Now().Add(4*time.Second)) // less than shutdownReserve
	defer cancel()
	if err := env.Run(soon, reconcile.Signal{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(30, env.CountMessages(deadLetterQueueURL("encode"))); d != "" {
		t.Errorf("the queue of encode, which is drained after that of inspect: %s", d)
	}
}
