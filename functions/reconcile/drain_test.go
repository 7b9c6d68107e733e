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
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/store"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// graves are the dead-letter queues of all services, in memory, and a tender of them alone.
type graves struct {
	*queue.Memory
	rows *store.Memory
	logs *bytes.Buffer
	reconcile.Tender
}

func newGraves() *graves {
	g := &graves{Memory: &queue.Memory{}, rows: &store.Memory{}, logs: &bytes.Buffer{}}
	g.Tender = reconcile.Tender{
		Rows: g.rows, Letters: g.rows, Dead: queue.DeadLetters{Client: g, URL: url}, Steer: &law{},
		Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(g.logs, nil)),
	}
	for _, s := range services.Map {
		if s.Inbox != nil {
			g.Make(s.Name+"-dead", queue.Settings{FIFO: s.Inbox.FIFO, Visibility: time.Minute})
		}
	}
	return g
}

func url(service string) string { return "memory://queue/" + service + "-dead" }

// fill puts n messages into each queue.
func (g *graves) fill(t *testing.T, n int) (all int) {
	t.Helper()
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		for i := range n {
			at, body := url(s.Name), fmt.Sprintf("%s %d", s.Name, i)
			in := &sqs.SendMessageInput{QueueUrl: &at, MessageBody: &body}
			if s.Inbox.FIFO {
				in.MessageGroupId, in.MessageDeduplicationId = &s.Name, &body
			}
			if _, err := g.SendMessage(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			all++
		}
	}
	return all
}

// filed returns all letters by what their bodies were.
func (g *graves) filed(t *testing.T) map[string]video.Letter {
	t.Helper()
	found := map[string]video.Letter{}
	page, _, err := g.rows.Letters(t.Context(), video.LetterFilter{}, "", time.Now(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range page {
		if l, err = g.rows.Letter(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
		found[l.Body] = l
	}
	return found
}

func TestEveryDeadLetterIsFiled(t *testing.T) {
	t.Parallel()
	g := newGraves()
	n := g.fill(t, 25)
	for range 2 {
		if err := g.Run(t.Context(), autoscale.Hint{}); err != nil {
			t.Fatal(err)
		}
	}
	found := g.filed(t)
	if len(found) != n {
		t.Errorf("%d of %d filed", len(found), n)
	}
	for body, l := range found {
		if !strings.HasPrefix(body, l.Service+" ") || !l.Filed.Equal(noon) || l.State != video.LetterOpen {
			t.Errorf("%s is filed as %+v", body, l)
		}
		if left := g.Len(url(l.Service)); left > 0 {
			t.Errorf("%d are left of %s", left, l.Service)
		}
	}
}

// picky is a store that refuses some letters.
type picky struct {
	*store.Memory
	refuse func(video.Letter) error
}

func (p picky) PutLetter(ctx context.Context, l video.Letter) error {
	if err := p.refuse(l); err != nil {
		return err
	}
	return p.Memory.PutLetter(ctx, l)
}

func TestWhatIsNotFiledKeepsNothingElse(t *testing.T) {
	t.Parallel()
	g := newGraves()
	n, full := g.fill(t, 1), errors.New("full")
	g.Letters = picky{g.rows, func(l video.Letter) error {
		if l.Service == "inspect" {
			return full
		}
		return nil
	}}
	if err := g.Run(t.Context(), autoscale.Hint{}); !errors.Is(err, full) {
		t.Errorf("the run says %v", err)
	}
	if found := g.filed(t); len(found) != n-1 || g.Len(url("inspect")) != 1 {
		t.Errorf("%d of %d filed", len(found), n)
	}
}

// TestARunEndsInTime: what is left waits for the next.
func TestARunEndsInTime(t *testing.T) {
	t.Parallel()
	g := newGraves()
	g.fill(t, 30)
	ctx, cancel := context.WithCancel(t.Context())
	g.Letters = picky{g.rows, func(video.Letter) error { cancel(); return nil }}
	if err := g.Run(ctx, autoscale.Hint{}); err != nil && errs.KindOf(err) != errs.Transient {
		t.Fatal(err)
	}
	if n := len(g.filed(t)); n > 10 {
		t.Errorf("%d filed after the time was up", n)
	}
	g.Letters = g.rows
	soon, cancel := context.WithDeadline(t.Context(), time.Now().Add(4*time.Second)) // less than is kept for the end
	defer cancel()
	if err := g.Run(soon, autoscale.Hint{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(30, g.Len(url("encode"))); d != "" {
		t.Errorf("of encode, which comes after inspect: %s", d)
	}
}
