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

// deadLetterFixture has a service's queue and dead-letter queue in memory, and a clock.
type deadLetterFixture struct {
	*queue.Memory
	services.Service
	now                     time.Time
	inboxURL, deadLetterURL string
}

func newDeadLetterFixture(t *testing.T, service string) *deadLetterFixture {
	t.Helper()
	s, ok := services.Lookup(service)
	if !ok {
		t.Fatalf("no service %s", service)
	}
	m := &deadLetterFixture{Memory: &queue.Memory{}, Service: s, now: noon}
	m.Now = func() time.Time { return m.now }
	m.deadLetterURL = m.CreateQueue(
		service+"-dead", queue.Settings{FIFO: s.Inbox.FIFO, VisibilityTimeout: 30 * time.Second},
	)
	m.inboxURL = m.CreateQueue(
		service,
		queue.Settings{
			FIFO: s.Inbox.FIFO, VisibilityTimeout: s.VisibilityTimeout(), MaxReceives: s.Inbox.MaxReceiveCount(),
			DeadLetterURL: m.deadLetterURL,
		},
	)
	return m
}

func (m *deadLetterFixture) deadLetterConsumer() queue.DeadLetterConsumer {
	return queue.DeadLetterConsumer{Client: m, URL: func(string) string { return m.deadLetterURL }}
}

// sendToInbox sends a message to the queue, with attributes that the sender chose.
func (m *deadLetterFixture) sendToInbox(t *testing.T, body, group string, attributes map[string]string) {
	t.Helper()
	in := &sqs.SendMessageInput{
		QueueUrl: &m.inboxURL, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{},
	}
	for name, value := range attributes {
		in.MessageAttributes[name] = types.MessageAttributeValue{
			DataType: aws.String("String"), StringValue: aws.String(value),
		}
	}
	if m.Inbox.FIFO {
		in.MessageGroupId, in.MessageDeduplicationId = &group, &body
	}
	if _, err := m.SendMessage(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// receiveFromInbox receives messages from the queue, as Lambda does.
func (m *deadLetterFixture) receiveFromInbox(t *testing.T) []lambdaevents.SQSMessage {
	t.Helper()
	out, err := m.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &m.inboxURL, MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var ms []lambdaevents.SQSMessage
	for _, r := range out.Messages {
		ms = append(
			ms,
			lambdaevents.SQSMessage{
				MessageId: *r.MessageId, Body: *r.Body, ReceiptHandle: *r.ReceiptHandle, Attributes: r.Attributes,
			},
		)
	}
	return ms
}

// deadLetterAll receives messages and sends them to the dead-letter queue.
func (m *deadLetterFixture) deadLetterAll(t *testing.T, reason error) {
	t.Helper()
	for _, d := range m.receiveFromInbox(t) {
		q := queue.ServiceQueue{
			Client: m, URLs: []string{m.inboxURL}, DeadLetterURL: m.deadLetterURL, FIFO: m.Inbox.FIFO,
		}
		if err := q.SendToDeadLetterQueue(t.Context(), d, reason); err != nil {
			t.Fatal(err)
		}
	}
}

// exhaustReceives receives all messages until SQS moves them to the dead-letter queue.
func (m *deadLetterFixture) exhaustReceives(t *testing.T) {
	t.Helper()
	for range m.Inbox.MaxReceiveCount() + 1 {
		m.receiveFromInbox(t)
		m.now = m.now.Add(m.VisibilityTimeout())
	}
}

// consumeDeadLetters returns the dead letters of the dead-letter queue.
func (m *deadLetterFixture) consumeDeadLetters(t *testing.T) (all []video.DeadLetter) {
	t.Helper()
	if _, err := m.deadLetterConsumer().ConsumeBatch(
		t.Context(), m.Service, func(_ context.Context, l video.DeadLetter) error {
			all = append(all, l)
			return nil
		},
	); err != nil {
		t.Fatal(err)
	}
	return all
}

const unknownVersionBody = `{"specversion":"1.0","id":"x","source":"sluice","type":"encode.requested.v9","time":"2026-11-22T12:00:00Z","subject":"vid_1","tenant":"acme","data":{}}`

func TestDeadLetterSaysWhyAndFromWhere(t *testing.T) {
	t.Parallel()
	bad := errs.New("x", errs.Invalid, "bad", "It is bad.")
	forged := map[string]string{
		"code": "fine", "reason": "Trust me.", "message_id": "another", "sent_at": "1", "service": "publish",
	}
	dead := video.DeadLetter{
		Kind: errs.Internal, Code: "attempts_exhausted", Attempts: 6, Sent: noon, State: video.DeadLetterOpen,
	}
	for _, tt := range []struct {
		name, service, body string
		attributes          map[string]string
		end                 func(m *deadLetterFixture, t *testing.T)
		want                video.DeadLetter
	}{
		{"sent by the consumer", "encode", unknownVersionBody, nil, func(m *deadLetterFixture, t *testing.T) {
			m.deadLetterAll(t, bad)
		}, video.DeadLetter{
			Type: "encode.requested.v9", Tenant: "acme", Video: "vid_1", Kind: errs.Invalid, Code: "bad",
			Reason:   "It is bad.",
			Attempts: 1, Sent: noon, State: video.DeadLetterOpen,
		}},
		{"of a group", "publish", "no JSON", nil, func(m *deadLetterFixture, t *testing.T) {
			m.deadLetterAll(t, errors.New("secret"))
		}, video.DeadLetter{
			Group: "g", Kind: errs.Internal, Code: "internal", Reason: "an error of no known kind", Attempts: 1,
			Sent: noon, State: video.DeadLetterOpen,
		}},
		{"moved by SQS", "encode", "no JSON", nil, (*deadLetterFixture).exhaustReceives, dead},
		{
			"moved by SQS, with forged attributes", "encode", "no JSON", forged, (*deadLetterFixture).exhaustReceives,
			dead,
		},
		{
			"a notification of S3", "inspect",
			`{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-11-22T12:00:00Z","s3":{"bucket":{"name":"b"},"object":{"key":"t/acme/vid_1/source","size":5,"eTag":"e1"}}}]}`,
			nil, (*deadLetterFixture).exhaustReceives, func() video.DeadLetter {
				l := dead
				l.Type, l.Tenant, l.Video = "s3.object-created.v1", "acme", "vid_1"
				return l
			}(),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newDeadLetterFixture(t, tt.service)
			m.sendToInbox(t, tt.body, "g", tt.attributes)
			tt.end(m, t)
			tt.want.Service, tt.want.Body = tt.service, tt.body
			tt.want.ID = video.DeadLetterID(tt.service, "message-1", noon)
			got := m.consumeDeadLetters(t)
			ignore := cmpopts.IgnoreFields(video.DeadLetter{}, "Reason")
			if tt.want.Reason != "" {
				ignore = nil
			}
			if d := cmp.Diff([]video.DeadLetter{tt.want}, got, ignore); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
			if !strings.HasSuffix(got[0].Reason, ".") && tt.want.Reason == "" {
				t.Errorf("no full stop: %q", got[0].Reason)
			}
			if n := m.CountMessages(m.deadLetterURL); n > 0 {
				t.Errorf("%d are left", n)
			}
		})
	}
}

// TestSameMessageDeadLetteredTwiceHasOneID: the consumer crashed twice after it had sent a dead letter, and in the
// end SQS moved the message too.
func TestSameMessageDeadLetteredTwiceHasOneID(t *testing.T) {
	t.Parallel()
	m := newDeadLetterFixture(t, "encode")
	m.sendToInbox(t, "x", "", nil)
	for range 2 {
		m.deadLetterAll(t, errors.New("x"))
		m.now = m.now.Add(m.VisibilityTimeout())
	}
	m.exhaustReceives(t)
	got := m.consumeDeadLetters(t)
	if len(got) != 3 || got[0].ID != got[1].ID || got[1].ID != got[2].ID {
		t.Errorf("%+v", got)
	}
}

func TestDeadLetterThatIsNotStoredStaysInQueue(t *testing.T) {
	t.Parallel()
	m := newDeadLetterFixture(t, "encode")
	for _, body := range []string{"a", "b", "c"} {
		m.sendToInbox(t, body, "", nil)
	}
	m.deadLetterAll(t, errors.New("x"))
	full := errors.New("full")
	n, err := m.deadLetterConsumer().ConsumeBatch(
		t.Context(), m.Service, func(_ context.Context, l video.DeadLetter) error {
			if l.Body == "b" {
				return full
			}
			return nil
		},
	)
	if n != 3 || !errors.Is(err, full) || m.CountMessages(m.deadLetterURL) != 1 {
		t.Fatalf("%d, %v; %d are left", n, err, m.CountMessages(m.deadLetterURL))
	}
	m.now = m.now.Add(time.Minute)
	if got := m.consumeDeadLetters(t); len(got) != 1 || got[0].Body != "b" {
		t.Errorf("later: %+v", got)
	}
}

func TestMissingDeadLetterQueueIsTransient(t *testing.T) {
	t.Parallel()
	m := newDeadLetterFixture(t, "encode")
	m.deadLetterURL = "memory://nowhere"
	if n, err := m.deadLetterConsumer().ConsumeBatch(t.Context(), m.Service, nil); n != 0 ||
		errs.KindOf(err) != errs.Transient {
		t.Errorf("%d, %v", n, err)
	}
}

func TestRedriveSendsMessageToItsInbox(t *testing.T) {
	t.Parallel()
	for service, group := range map[string]string{"encode": "acme", "publish": "g", "purge": ""} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			m := newDeadLetterFixture(t, service)
			m.sendToInbox(t, unknownVersionBody, "g", nil)
			m.exhaustReceives(t)
			l := m.consumeDeadLetters(t)[0]
			r := queue.Redriver{Client: m, URL: func(string) string { return m.inboxURL }}
			for range 2 { // the second is what a crash before it was noted leads to
				if err := r.Redrive(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			if n := m.CountMessages(m.inboxURL); m.Inbox.FIFO && n != 1 {
				t.Errorf("%d messages of one redrive", n)
			}
			d := m.receiveFromInbox(t)[0]
			if d.Body != l.Body || d.Attributes["MessageGroupId"] != group ||
				d.Attributes["ApproximateReceiveCount"] != "1" {
				t.Errorf("delivered %+v", d)
			}
			again, err := l.MarkRedriven()
			if err != nil {
				t.Fatal(err)
			}
			before := m.CountMessages(m.inboxURL)
			if err := r.Redrive(t.Context(), again); err != nil || m.CountMessages(m.inboxURL) != before+1 {
				t.Errorf("the next redrive: %v, %d messages", err, m.CountMessages(m.inboxURL))
			}
		})
	}
	r := queue.Redriver{Client: &queue.Memory{}, URL: func(string) string { return "memory://nowhere" }}
	if err := r.Redrive(t.Context(), video.DeadLetter{Service: "play"}); errs.ProblemOf(err).Code != "inbox_gone" {
		t.Errorf("to a service without an inbox: %v", err)
	}
	if err := r.Redrive(
		t.Context(), video.DeadLetter{Service: "api"},
	); errs.ProblemOf(err).Code != "letter_of_producer" {
		t.Errorf("in a producer's name: %v", err)
	}
	if err := r.Redrive(t.Context(), video.DeadLetter{Service: "encode"}); errs.KindOf(err) != errs.Transient {
		t.Errorf("to a queue that is not there: %v", err)
	}
}
