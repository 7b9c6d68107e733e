package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
)

// morgue is a service's inbox and dead letters in memory, and a clock.
type morgue struct {
	*queue.Memory
	services.Service
	now         time.Time
	queue, dead string
}

func newMorgue(t *testing.T, service string) *morgue {
	t.Helper()
	s, ok := services.Lookup(service)
	if !ok {
		t.Fatalf("no service %s", service)
	}
	m := &morgue{Memory: &queue.Memory{}, Service: s, now: noon}
	m.Now = func() time.Time { return m.now }
	m.dead = m.Make(service+"-dead", queue.Settings{FIFO: s.Inbox.FIFO, Visibility: 30 * time.Second})
	m.queue = m.Make(service, queue.Settings{FIFO: s.Inbox.FIFO, Visibility: s.Visibility(), Receives: s.Inbox.Receives(), Dead: m.dead})
	return m
}

func (m *morgue) letters() queue.DeadLetters {
	return queue.DeadLetters{Client: m, URL: func(string) string { return m.dead }}
}

// post sends a message to the inbox, with attributes of the sender's own.
func (m *morgue) post(t *testing.T, body, group string, attributes map[string]string) {
	t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &m.queue, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{}}
	for name, value := range attributes {
		in.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
	if m.Inbox.FIFO {
		in.MessageGroupId, in.MessageDeduplicationId = &group, &body
	}
	if _, err := m.SendMessage(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// deliver receives from the inbox, as Lambda does.
func (m *morgue) deliver(t *testing.T) []lambdaevents.SQSMessage {
	t.Helper()
	out, err := m.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &m.queue, MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var ms []lambdaevents.SQSMessage
	for _, r := range out.Messages {
		ms = append(ms, lambdaevents.SQSMessage{MessageId: *r.MessageId, Body: *r.Body, ReceiptHandle: *r.ReceiptHandle, Attributes: r.Attributes})
	}
	return ms
}

// bury delivers one message and files it.
func (m *morgue) bury(t *testing.T, reason error) {
	t.Helper()
	for _, d := range m.deliver(t) {
		q := queue.Queue{Client: m, URLs: []string{m.queue}, Dead: m.dead, FIFO: m.Inbox.FIFO}
		if err := q.Bury(t.Context(), d, reason); err != nil {
			t.Fatal(err)
		}
	}
}

// die has all messages delivered until SQS takes them for dead.
func (m *morgue) die(t *testing.T) {
	t.Helper()
	for range m.Inbox.Receives() + 1 {
		m.deliver(t)
		m.now = m.now.Add(m.Visibility())
	}
}

// take returns what is filed of the dead letters.
func (m *morgue) take(t *testing.T) (all []video.Letter) {
	t.Helper()
	if _, err := m.letters().Take(t.Context(), m.Service, func(_ context.Context, l video.Letter) error {
		all = append(all, l)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

const strange = `{"specversion":"1.0","id":"x","source":"sluice","type":"encode.requested.v9","time":"2026-11-22T12:00:00Z","subject":"vid_1","tenant":"acme","data":{}}`

func TestLetters(t *testing.T) {
	t.Parallel()
	bad := errs.Refuse("x", errs.Invalid, "bad", "It is bad.")
	forged := map[string]string{"code": "fine", "reason": "Trust me.", "message_id": "another", "sent_at": "1", "service": "publish"}
	dead := video.Letter{Kind: errs.Internal, Code: "attempts_exhausted", Attempts: 6, Sent: noon, State: video.LetterOpen}
	for _, tt := range []struct {
		name, service, body string
		attributes          map[string]string
		end                 func(m *morgue, t *testing.T)
		want                video.Letter
	}{
		{"filed", "encode", strange, nil, func(m *morgue, t *testing.T) { m.bury(t, bad) }, video.Letter{
			Type: "encode.requested.v9", Tenant: "acme", Video: "vid_1", Kind: errs.Invalid, Code: "bad", Reason: "It is bad.",
			Attempts: 1, Sent: noon, State: video.LetterOpen,
		}},
		{"of a group", "publish", "no JSON", nil, func(m *morgue, t *testing.T) { m.bury(t, errors.New("secret")) }, video.Letter{
			Group: "g", Kind: errs.Internal, Code: "internal", Reason: "an error of no known kind", Attempts: 1, Sent: noon, State: video.LetterOpen,
		}},
		{"filed by nobody", "encode", "no JSON", nil, (*morgue).die, dead},
		{"a stranger's, with notes", "encode", "no JSON", forged, (*morgue).die, dead},
		{"S3's", "inspect", `{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-11-22T12:00:00Z","s3":{"bucket":{"name":"b"},"object":{"key":"t/acme/vid_1/source","size":5,"eTag":"e1"}}}]}`, nil, (*morgue).die, func() video.Letter {
			l := dead
			l.Type, l.Tenant, l.Video = "s3.object-created.v1", "acme", "vid_1"
			return l
		}()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMorgue(t, tt.service)
			m.post(t, tt.body, "g", tt.attributes)
			tt.end(m, t)
			tt.want.Service, tt.want.Body = tt.service, tt.body
			tt.want.ID = video.LetterID(tt.service, "message-1", noon)
			got := m.take(t)
			ignore := cmpopts.IgnoreFields(video.Letter{}, "Reason")
			if tt.want.Reason != "" {
				ignore = nil
			}
			if d := cmp.Diff([]video.Letter{tt.want}, got, ignore); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
			if !strings.HasSuffix(got[0].Reason, ".") && tt.want.Reason == "" {
				t.Errorf("no sentence: %q", got[0].Reason)
			}
			if n := m.Len(m.dead); n > 0 {
				t.Errorf("%d are left", n)
			}
		})
	}
}

// TestALetterFiledTwiceHasOneID: its consumer died after filing it, and it was delivered again, and filed again, and in
// the end SQS filed it too.
func TestALetterFiledTwiceHasOneID(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "encode")
	m.post(t, "x", "", nil)
	for range 2 {
		m.bury(t, errors.New("x"))
		m.now = m.now.Add(m.Visibility())
	}
	m.die(t)
	got := m.take(t)
	if len(got) != 3 || got[0].ID != got[1].ID || got[1].ID != got[2].ID {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNotFiledStays(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "encode")
	for _, body := range []string{"a", "b", "c"} {
		m.post(t, body, "", nil)
	}
	m.bury(t, errors.New("x"))
	full := errors.New("full")
	n, err := m.letters().Take(t.Context(), m.Service, func(_ context.Context, l video.Letter) error {
		if l.Body == "b" {
			return full
		}
		return nil
	})
	if n != 3 || !errors.Is(err, full) || m.Len(m.dead) != 1 {
		t.Fatalf("%d, %v; %d are left", n, err, m.Len(m.dead))
	}
	m.now = m.now.Add(time.Minute)
	if got := m.take(t); len(got) != 1 || got[0].Body != "b" {
		t.Errorf("later: %+v", got)
	}
}

func TestNoQueueOfDeadLetters(t *testing.T) {
	t.Parallel()
	m := newMorgue(t, "encode")
	m.dead = "memory://nowhere"
	if n, err := m.letters().Take(t.Context(), m.Service, nil); n != 0 || errs.KindOf(err) != errs.Transient {
		t.Errorf("%d, %v", n, err)
	}
}

func TestRedrive(t *testing.T) {
	t.Parallel()
	for service, group := range map[string]string{"encode": "acme", "publish": "g", "purge": ""} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			m := newMorgue(t, service)
			m.post(t, strange, "g", nil)
			m.die(t)
			l := m.take(t)[0]
			r := queue.Redriver{Client: m, URL: func(string) string { return m.queue }}
			for range 2 { // the second is what a crash before it was noted leads to
				if err := r.Redrive(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			if n := m.Len(m.queue); m.Inbox.FIFO && n != 1 {
				t.Errorf("%d messages of one redrive", n)
			}
			d := m.deliver(t)[0]
			if d.Body != l.Body || d.Attributes["MessageGroupId"] != group || d.Attributes["ApproximateReceiveCount"] != "1" {
				t.Errorf("delivered %+v", d)
			}
			again, err := l.Redriven()
			if err != nil {
				t.Fatal(err)
			}
			before := m.Len(m.queue)
			if err := r.Redrive(t.Context(), again); err != nil || m.Len(m.queue) != before+1 {
				t.Errorf("the next redrive: %v, %d messages", err, m.Len(m.queue))
			}
		})
	}
	r := queue.Redriver{Client: &queue.Memory{}, URL: func(string) string { return "memory://nowhere" }}
	if err := r.Redrive(t.Context(), video.Letter{Service: "play"}); errs.ProblemOf(err).Code != "inbox_gone" {
		t.Errorf("to a service without an inbox: %v", err)
	}
	if err := r.Redrive(t.Context(), video.Letter{Service: "api"}); errs.ProblemOf(err).Code != "letter_of_producer" {
		t.Errorf("in a producer's name: %v", err)
	}
	if err := r.Redrive(t.Context(), video.Letter{Service: "encode"}); errs.KindOf(err) != errs.Transient {
		t.Errorf("to a queue that is not there: %v", err)
	}
}
