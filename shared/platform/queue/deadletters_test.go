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
	f := &deadLetterFixture{Memory: &queue.Memory{}, Service: s, now: noon}
	f.Now = func() time.Time { return f.now }
	f.deadLetterURL = f.CreateQueue(
		service+"-dead", queue.Settings{FIFO: s.Inbox.FIFO, VisibilityTimeout: 30 * time.Second},
	)
	f.inboxURL = f.CreateQueue(
		service,
		queue.Settings{
			FIFO: s.Inbox.FIFO, VisibilityTimeout: s.VisibilityTimeout(), MaxReceives: s.Inbox.MaxReceiveCount(),
			DeadLetterURL: f.deadLetterURL,
		},
	)
	return f
}

func (f *deadLetterFixture) deadLetterConsumer() queue.DeadLetterConsumer {
	return queue.DeadLetterConsumer{Client: f, URL: func(string) string { return f.deadLetterURL }}
}

// sendToInbox sends a message to the queue, with attributes that the sender chose.
func (f *deadLetterFixture) sendToInbox(t *testing.T, body, group string, attributes map[string]string) {
	t.Helper()
	in := &sqs.SendMessageInput{
		QueueUrl: &f.inboxURL, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{},
	}
	for name, value := range attributes {
		in.MessageAttributes[name] = types.MessageAttributeValue{
			DataType: aws.String("String"), StringValue: aws.String(value),
		}
	}
	if f.Inbox.FIFO {
		in.MessageGroupId, in.MessageDeduplicationId = &group, &body
	}
	if _, err := f.SendMessage(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// receiveFromInbox receives messages from the queue, as Lambda does.
func (f *deadLetterFixture) receiveFromInbox(t *testing.T) []lambdaevents.SQSMessage {
	t.Helper()
	out, err := f.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &f.inboxURL, MaxNumberOfMessages: 10})
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
func (f *deadLetterFixture) deadLetterAll(t *testing.T, reason error) {
	t.Helper()
	for _, d := range f.receiveFromInbox(t) {
		q := queue.ServiceQueue{
			Client: f, URLs: []string{f.inboxURL}, DeadLetterURL: f.deadLetterURL, FIFO: f.Inbox.FIFO,
		}
		if err := q.SendToDeadLetterQueue(t.Context(), d, reason); err != nil {
			t.Fatal(err)
		}
	}
}

// exhaustReceives receives all messages until SQS moves them to the dead-letter queue.
func (f *deadLetterFixture) exhaustReceives(t *testing.T) {
	t.Helper()
	for range f.Inbox.MaxReceiveCount() + 1 {
		f.receiveFromInbox(t)
		f.now = f.now.Add(f.VisibilityTimeout())
	}
}

// consumeDeadLetters returns the dead letters of the dead-letter queue.
func (f *deadLetterFixture) consumeDeadLetters(t *testing.T) (all []video.DeadLetter) {
	t.Helper()
	if _, err := f.deadLetterConsumer().ConsumeBatch(
		t.Context(), f.Service, func(_ context.Context, l video.DeadLetter) error {
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
		end                 func(f *deadLetterFixture, t *testing.T)
		want                video.DeadLetter
	}{
		{"sent by the consumer", "encode", unknownVersionBody, nil, func(f *deadLetterFixture, t *testing.T) {
			f.deadLetterAll(t, bad)
		}, video.DeadLetter{
			Type: "encode.requested.v9", Tenant: "acme", Video: "vid_1", Kind: errs.Invalid, Code: "bad",
			Reason:   "It is bad.",
			Attempts: 1, Sent: noon, State: video.DeadLetterOpen,
		}},
		{"of a group", "publish", "no JSON", nil, func(f *deadLetterFixture, t *testing.T) {
			f.deadLetterAll(t, errors.New("secret"))
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
			f := newDeadLetterFixture(t, tt.service)
			f.sendToInbox(t, tt.body, "g", tt.attributes)
			tt.end(f, t)
			tt.want.Service, tt.want.Body = tt.service, tt.body
			tt.want.ID = video.DeadLetterID(tt.service, "message-1", noon)
			got := f.consumeDeadLetters(t)
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
			if n := f.CountMessages(f.deadLetterURL); n > 0 {
				t.Errorf("%d are left", n)
			}
		})
	}
}

// TestPromise06_DeadLettersHoldNoURLThatCarriesRights: operators read dead letters for 90 days, and a presigned URL of
// a tenant's original is a right of the tenant.
func TestPromise06_DeadLettersHoldNoURLThatCarriesRights(t *testing.T) {
	t.Parallel()
	f := newDeadLetterFixture(t, "fetch")
	const body = `{"data":{"origin":{"url":"https://u:p@a.example/film.mp4?X-Amz-Signature=5ec"}}}`
	f.sendToInbox(t, body, "", nil)
	f.deadLetterAll(t, errs.E("x", errs.Invalid, errors.New(`parse "https://a.example/film.mp4?X-Amz-Signature=5ec"`)))
	const want = `{"data":{"origin":{"url":"https://a.example/film.mp4"}}}`
	if saved := f.consumeDeadLetters(t); len(saved) != 1 || saved[0].Body != want || !saved[0].URLShortened ||
		saved[0].Reason != `parse "https://a.example/film.mp4"` {
		t.Errorf("%+v", saved)
	}
}

// TestSameMessageDeadLetteredTwiceHasOneID: the consumer crashed twice after it had sent a dead letter, and in the
// end SQS moved the message too.
func TestSameMessageDeadLetteredTwiceHasOneID(t *testing.T) {
	t.Parallel()
	f := newDeadLetterFixture(t, "encode")
	f.sendToInbox(t, "x", "", nil)
	for range 2 {
		f.deadLetterAll(t, errors.New("x"))
		f.now = f.now.Add(f.VisibilityTimeout())
	}
	f.exhaustReceives(t)
	got := f.consumeDeadLetters(t)
	if len(got) != 3 || got[0].ID != got[1].ID || got[1].ID != got[2].ID {
		t.Errorf("%+v", got)
	}
}

func TestDeadLetterThatIsNotStoredStaysInQueue(t *testing.T) {
	t.Parallel()
	f := newDeadLetterFixture(t, "encode")
	for _, body := range []string{"a", "b", "c"} {
		f.sendToInbox(t, body, "", nil)
	}
	f.deadLetterAll(t, errors.New("x"))
	full := errors.New("full")
	n, err := f.deadLetterConsumer().ConsumeBatch(
		t.Context(), f.Service, func(_ context.Context, l video.DeadLetter) error {
			if l.Body == "b" {
				return full
			}
			return nil
		},
	)
	if n != 3 || !errors.Is(err, full) || f.CountMessages(f.deadLetterURL) != 1 {
		t.Fatalf("%d, %v; %d are left", n, err, f.CountMessages(f.deadLetterURL))
	}
	f.now = f.now.Add(time.Minute)
	if got := f.consumeDeadLetters(t); len(got) != 1 || got[0].Body != "b" {
		t.Errorf("later: %+v", got)
	}
}

func TestMissingDeadLetterQueueIsTransient(t *testing.T) {
	t.Parallel()
	f := newDeadLetterFixture(t, "encode")
	f.deadLetterURL = "memory://nowhere"
	if n, err := f.deadLetterConsumer().ConsumeBatch(t.Context(), f.Service, nil); n != 0 ||
		errs.KindOf(err) != errs.Transient {
		t.Errorf("%d, %v", n, err)
	}
}

func TestRedriveSendsMessageToItsInbox(t *testing.T) {
	t.Parallel()
	for service, group := range map[string]string{"encode": "acme", "publish": "g", "purge": ""} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			f := newDeadLetterFixture(t, service)
			f.sendToInbox(t, unknownVersionBody, "g", nil)
			f.exhaustReceives(t)
			l := f.consumeDeadLetters(t)[0]
			r := queue.Redriver{Client: f, URL: func(string) string { return f.inboxURL }}
			for range 2 { // the second is what a crash before it was noted leads to
				if err := r.Redrive(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			if n := f.CountMessages(f.inboxURL); f.Inbox.FIFO && n != 1 {
				t.Errorf("%d messages of one redrive", n)
			}
			d := f.receiveFromInbox(t)[0]
			if d.Body != l.Body || d.Attributes["MessageGroupId"] != group ||
				d.Attributes["ApproximateReceiveCount"] != "1" {
				t.Errorf("delivered %+v", d)
			}
			again, err := l.MarkRedriven()
			if err != nil {
				t.Fatal(err)
			}
			before := f.CountMessages(f.inboxURL)
			if err := r.Redrive(t.Context(), again); err != nil || f.CountMessages(f.inboxURL) != before+1 {
				t.Errorf("the next redrive: %v, %d messages", err, f.CountMessages(f.inboxURL))
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
