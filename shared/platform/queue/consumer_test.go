package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/events/examples"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fakeQueue is a queue and a sender that record calls.
type fakeQueue struct {
	sent         []events.Event
	deadLettered map[string]string // reasons by message id
	lastCode     string            // code of the last dead letter
	delayed      []string
	refusesSends bool
}

func (q *fakeQueue) Send(ctx context.Context, es ...events.Event) error {
	if q.refusesSends || ctx.Err() != nil {
		return errs.E("fake", errs.Transient, errors.New("full"))
	}
	q.sent = append(q.sent, es...)
	return nil
}

func (q *fakeQueue) SendToDeadLetterQueue(ctx context.Context, m lambdaevents.SQSMessage, reason error) error {
	if q.refusesSends || ctx.Err() != nil {
		return errs.E("fake", errs.Transient, errors.New("full"))
	}
	q.deadLettered[m.MessageId], q.lastCode = queue.DeadLetterReason(reason), string(errs.ProblemOf(reason).Code)
	return nil
}

func (q *fakeQueue) ChangeVisibility(_ context.Context, m lambdaevents.SQSMessage, _ time.Duration) error {
	q.delayed = append(q.delayed, m.MessageId)
	return nil
}

func newTestConsumer(q *fakeQueue, service string, h queue.Handler) *queue.Consumer {
	s, _ := services.Lookup(service)
	q.deadLettered = map[string]string{}
	return &queue.Consumer{
		Service: s, Handle: h, Send: q, Queue: q, Log: slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)),
		OnExhausted: func(e events.Event, _ error) []events.Event {
			return []events.Event{events.New(e.Tenant, e.Video, noon, video.EncodeFailed{})}
		},
	}
}

func newMessage(id string, attempt int, body string) lambdaevents.SQSMessage {
	return lambdaevents.SQSMessage{
		MessageId: id, Body: body,
		Attributes: map[string]string{"ApproximateReceiveCount": fmt.Sprint(attempt), "MessageGroupId": "g"},
	}
}

func encodeBody(t *testing.T, d video.Event) string {
	b, err := events.Encode(events.New("acme", "vid_1", noon, d))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func failedIDs(r lambdaevents.SQSEventResponse) (out []string) {
	for _, f := range r.BatchItemFailures {
		out = append(out, f.ItemIdentifier)
	}
	return out
}

// TestMessageIsHandledDeadLetteredOrRedelivered: each message ends in exactly one of the three ways.
func TestMessageIsHandledDeadLetteredOrRedelivered(t *testing.T) {
	task := examples.ReadJSON("encode.requested.v1/minimal")
	transient := errs.E("x", errs.Transient, errors.New("later"))
	for _, tt := range []struct {
		name    string
		body    string
		attempt int
		err     error
		panics  bool
		refuses bool

		failed, deadLettered bool
		sent                 int
	}{
		{name: "handled", body: task, attempt: 1, sent: 1},
		{name: "a transient error is retried", body: task, attempt: 1, err: transient, failed: true},
		{name: "a bug is retried", body: task, attempt: 4, err: errors.New("bug"), failed: true},
		{name: "a panic is retried", body: task, attempt: 1, panics: true, failed: true},
		{
			name: "the last attempt is reported and dead-lettered", body: task, attempt: 5, err: transient,
			deadLettered: true, sent: 1,
		},
		{
			name: "a crash at each attempt is reported and dead-lettered", body: task, attempt: 6, panics: true,
			deadLettered: true, sent: 1,
		},
		{
			name: "a rejection is reported and dead-lettered at once", body: task, attempt: 1,
			err: errs.New("x", errs.Invalid, "bad", "It is bad."), deadLettered: true, sent: 1,
		},
		{
			name: "not found is reported and dead-lettered at once", body: task, attempt: 1,
			err: errs.E("x", errs.NotFound, nil), deadLettered: true, sent: 1,
		},
		{name: "no JSON is dead-lettered at once", body: "hello", attempt: 1, deadLettered: true},
		{
			name: "a type of another service is dead-lettered at once",
			body: encodeBody(t, video.UploadCompleted{At: noon}), attempt: 1, deadLettered: true,
		},
		{name: "a failed send is retried", body: task, attempt: 1, refuses: true, failed: true},
		{
			name: "a failed send to the dead-letter queue is retried", body: "hello", attempt: 5, refuses: true,
			failed: true,
		},
		{
			name: "a test notification has no events",
			body: `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`, attempt: 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := &fakeQueue{refusesSends: tt.refuses}
			c := newTestConsumer(q, "encode", func(_ context.Context, e events.Event) ([]events.Event, error) {
				if tt.attempt > 5 {
					t.Error("handled again after it crashed at each attempt")
				}
				if tt.panics {
					panic("bug")
				}
				return []events.Event{events.New(e.Tenant, e.Video, noon, video.EncodeDone{})}, tt.err
			})
			r, err := c.HandleBatch(
				t.Context(),
				lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{newMessage("m", tt.attempt, tt.body)}},
			)
			if err != nil {
				t.Fatal(err)
			}
			if r.BatchItemFailures == nil {
				t.Error("BatchItemFailures is nil")
			}
			if failed := len(failedIDs(r)) == 1; failed != tt.failed {
				t.Errorf("failed %v, want %v", failed, tt.failed)
			}
			if _, is := q.deadLettered["m"]; is != tt.deadLettered {
				t.Errorf("dead letters %v, want %v", q.deadLettered, tt.deadLettered)
			}
			if len(q.sent) != tt.sent {
				t.Errorf("sent %d events, want %d", len(q.sent), tt.sent)
			}
			if again := len(q.delayed) > 0; again != tt.failed {
				t.Errorf("backoff set %v, want %v", again, tt.failed)
			}
		})
	}
}

// TestTimedOutLastAttemptIsReportedAndDeadLettered: work that takes all the time leaves enough to report it.
func TestTimedOutLastAttemptIsReportedAndDeadLettered(t *testing.T) {
	q := &fakeQueue{}
	c := newTestConsumer(q, "encode", func(ctx context.Context, _ events.Event) ([]events.Event, error) {
		<-ctx.Done()
		return nil, errs.E("x", errs.Transient, ctx.Err())
	})
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second) // less than what is kept back
	defer cancel()
	r, _ := c.HandleBatch(
		ctx,
		lambdaevents.SQSEvent{
			Records: []lambdaevents.SQSMessage{newMessage("m", 5, examples.ReadJSON("encode.requested.v1/minimal"))},
		},
	)
	if len(failedIDs(r)) != 0 || len(q.sent) != 1 || len(q.deadLettered) != 1 {
		t.Errorf("failed %v, sent %d events, dead letters %v", failedIDs(r), len(q.sent), q.deadLettered)
	}
}

// TestInvalidMessageIsDeadLetteredAtOnce is of promise 4: a message that breaks its schema is never handled, and its
// dead letter says where it is wrong.
func TestInvalidMessageIsDeadLetteredAtOnce(t *testing.T) {
	for _, tt := range []struct{ name, service, body, where, code string }{
		{
			"an event", "encode",
			strings.Replace(examples.ReadJSON("encode.requested.v1/full"), `"borders":[0,`, `"borders":[`, 1),
			"/data/plan/borders: ", "message_invalid",
		},
		{
			"values that do not fit together", "encode",
			strings.Replace(examples.ReadJSON("encode.requested.v1/full"), "t/acme/", "t/other/", 1),
			"/data/source/key: ", "message_invalid",
		},
		{
			"S3's", "inspect",
			strings.Replace(examples.ReadJSON("s3.object-created.v1/full"), `"size":`, `"size":-`, 1),
			"/Records/0/s3/object/size: ", "message_invalid",
		},
		{
			"S3's of another object", "inspect",
			strings.Replace(examples.ReadJSON("s3.object-created.v1/full"), "%2Fsource", "%2Fsauce", 1), "key ",
			"message_invalid",
		},
		{
			"a later version", "encode",
			strings.Replace(examples.ReadJSON("encode.requested.v1/full"), `requested.v1"`, `requested.v9"`, 1),
			"/type: ", "type_unknown",
		},
		{
			"an event of another service", "encode", examples.ReadJSON("encode.done.v1/full"), "encode does not handle",
			"type_not_taken",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := &fakeQueue{}
			c := newTestConsumer(q, tt.service, func(context.Context, events.Event) ([]events.Event, error) {
				t.Error("it was handled")
				return nil, nil
			})
			r, _ := c.HandleBatch(
				t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{newMessage("m", 1, tt.body)}},
			)
			if len(failedIDs(r)) > 0 || !strings.HasPrefix(q.deadLettered["m"], tt.where) || q.lastCode != tt.code {
				t.Errorf(
					"failed %v, dead letters %v with %s, want %s and a reason that begins with %s", failedIDs(r),
					q.deadLettered, q.lastCode, tt.code, tt.where,
				)
			}
		})
	}
}

func TestPoisonMessageDoesNotFailItsBatch(t *testing.T) {
	q := &fakeQueue{}
	c := newTestConsumer(q, "encode", func(_ context.Context, e events.Event) ([]events.Event, error) {
		return nil, nil
	})
	good := examples.ReadJSON("encode.requested.v1/minimal")
	r, _ := c.HandleBatch(
		t.Context(),
		lambdaevents.SQSEvent{
			Records: []lambdaevents.SQSMessage{
				newMessage("a", 1, good), newMessage("b", 1, "poison"), newMessage("c", 1, good),
			},
		},
	)
	if len(failedIDs(r)) != 0 || len(q.deadLettered) != 1 {
		t.Errorf("failed %v, dead letters %v", failedIDs(r), q.deadLettered)
	}
}

func TestFIFOStopsGroupAfterFailure(t *testing.T) {
	q := &fakeQueue{}
	n := 0
	c := newTestConsumer(q, "publish", func(context.Context, events.Event) ([]events.Event, error) {
		n++
		if n == 2 {
			return nil, errors.New("bug")
		}
		return nil, nil
	})
	good := encodeBody(t, video.UploadCompleted{At: noon})
	other := newMessage("d", 1, good)
	other.Attributes["MessageGroupId"] = "another video"
	r, _ := c.HandleBatch(
		t.Context(),
		lambdaevents.SQSEvent{
			Records: []lambdaevents.SQSMessage{
				newMessage("a", 1, good), newMessage("b", 1, good), newMessage("c", 1, good), other,
			},
		},
	)
	if diff := cmp.Diff([]string{"b", "c"}, failedIDs(r)); diff != "" {
		t.Error(diff)
	}
	if n != 3 {
		t.Errorf("%d messages handled, want a, b and d", n)
	}
	if diff := cmp.Diff([]string{"b", "c"}, q.delayed); diff != "" {
		t.Errorf("SQS delivers b again when no message of its group is in flight: %s", diff)
	}
}

// TestFIFOAttemptsMessageDeliveredTooOften: a message may have followed a failed one at each of its deliveries.
func TestFIFOAttemptsMessageDeliveredTooOften(t *testing.T) {
	q, tried := &fakeQueue{}, false
	c := newTestConsumer(q, "publish", func(context.Context, events.Event) ([]events.Event, error) {
		tried = true
		return nil, nil
	})
	late := newMessage("m", c.Service.Inbox.MaxAttempts+1, encodeBody(t, video.UploadCompleted{At: noon}))
	r, _ := c.HandleBatch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{late}})
	if !tried || len(failedIDs(r)) != 0 || len(q.deadLettered) != 0 {
		t.Errorf("handled %v, failed %v, dead letters %v", tried, failedIDs(r), q.deadLettered)
	}
}

func TestS3NotificationBecomesEvents(t *testing.T) {
	var got []events.Event
	q := &fakeQueue{}
	c := newTestConsumer(q, "inspect", func(_ context.Context, e events.Event) ([]events.Event, error) {
		got = append(got, e)
		return nil, nil
	})
	record := `{"eventName":"%s","eventTime":"2026-11-22T12:00:00Z","s3":{"bucket":{"name":"b"},"object":{"key":"%s","size":5,"eTag":"e1"}}}`
	notification := func(records string) lambdaevents.SQSEvent {
		return lambdaevents.SQSEvent{
			Records: []lambdaevents.SQSMessage{newMessage("m", 1, `{"Records":[`+records+`]}`)},
		}
	}
	_, _ = c.HandleBatch(
		t.Context(),
		notification(
			fmt.Sprintf(record, "ObjectCreated:CompleteMultipartUpload", "t%2Facme%2Fvid_1%2Fsource")+","+
				fmt.Sprintf(record, "ObjectRemoved:Delete", "t/acme/vid_2/source"),
		),
	)
	want := []events.Event{{
		ID: "vid_1:s3.object-created.v1:e1", Type: events.ObjectCreated, Time: noon, Tenant: "acme", Video: "vid_1",
		Data: video.StoredObject{Bucket: "b", Key: "t/acme/vid_1/source", Size: 5, ETag: "e1", At: noon},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, _ = c.HandleBatch(t.Context(), notification(fmt.Sprintf(record, "ObjectCreated:Put", "elsewhere/x")))
	if len(q.deadLettered) != 1 {
		t.Error("an object that is not an original is no dead letter")
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	for _, tt := range []struct {
		n      int
		jitter float64
		want   time.Duration
	}{
		{1, 0, 2 * time.Second}, {1, 1, time.Second}, {2, 0, 4 * time.Second}, {5, 0, 32 * time.Second},
		{50, 0, 5 * time.Minute}, {0, 0, 2 * time.Second},
	} {
		if got := queue.Backoff(24*time.Second, tt.n, tt.jitter); got != tt.want {
			t.Errorf("after attempt %d with jitter %v: %v, want %v", tt.n, tt.jitter, got, tt.want)
		}
	}
}

// TestServicesRetryLongEnough: publish must outlive an outage of the table, because its dead letters have to be
// redriven by hand. The others must outlive a short outage of S3, because a dead letter of theirs fails a video.
func TestServicesRetryLongEnough(t *testing.T) {
	for name, want := range map[string]time.Duration{
		"publish": 10 * time.Minute, "inspect": 90 * time.Second, "encode": 90 * time.Second,
	} {
		s, _ := services.Lookup(name)
		var tries time.Duration
		for n := 1; n < s.Inbox.MaxAttempts; n++ {
			tries += queue.Backoff(s.Timeout, n, 1)
		}
		if tries < want {
			t.Errorf("%s gives up after %v, want %v at least", name, tries, want)
		}
	}
}

func TestDeadLetterReasonOmitsForeignErrorText(t *testing.T) {
	secret := errors.New("GET /x?X-Amz-Signature=abc")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{secret, "an error of no known kind"},
		{errs.E("blob.GetObject", errs.Transient, secret), "blob.GetObject: transient"},
		{errs.New("x", errs.Invalid, "bad", "It is bad."), "It is bad."},
		{errs.E("events.Decode", errs.Invalid, errors.New("no id")), "no id"},
	} {
		if got := queue.DeadLetterReason(tt.err); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
