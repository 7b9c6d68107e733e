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

// desk is an in-memory queue, sender and log.
type desk struct {
	sent   []events.Event
	buried map[string]string
	code   string // of the last that was buried
	hidden []string
	full   bool // refuses to send
}

func (d *desk) Send(ctx context.Context, es ...events.Event) error {
	if d.full || ctx.Err() != nil {
		return errs.E("desk", errs.Transient, errors.New("full"))
	}
	d.sent = append(d.sent, es...)
	return nil
}

func (d *desk) Bury(ctx context.Context, m lambdaevents.SQSMessage, reason error) error {
	if d.full || ctx.Err() != nil {
		return errs.E("desk", errs.Transient, errors.New("full"))
	}
	d.buried[m.MessageId], d.code = queue.Reason(reason), errs.ProblemOf(reason).Code
	return nil
}

func (d *desk) Hide(_ context.Context, m lambdaevents.SQSMessage, _ time.Duration) error {
	d.hidden = append(d.hidden, m.MessageId)
	return nil
}

func consumer(d *desk, service string, h queue.Handler) *queue.Consumer {
	s, _ := services.Lookup(service)
	d.buried = map[string]string{}
	return &queue.Consumer{
		Service: s, Handle: h, Send: d, Queue: d, Log: slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)),
		GiveUp: func(e events.Event, _ error) []events.Event {
			return []events.Event{events.Of(e.Tenant, e.Video, noon, video.TaskFailed{})}
		},
	}
}

func message(id string, attempt int, body string) lambdaevents.SQSMessage {
	return lambdaevents.SQSMessage{MessageId: id, Body: body, Attributes: map[string]string{"ApproximateReceiveCount": fmt.Sprint(attempt), "MessageGroupId": "g"}}
}

func body(t *testing.T, d video.Event) string {
	b, err := events.Encode(events.Of("acme", "vid_1", noon, d))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func ids(r lambdaevents.SQSEventResponse) (out []string) {
	for _, f := range r.BatchItemFailures {
		out = append(out, f.ItemIdentifier)
	}
	return out
}

// Each message ends in exactly one of handled, dead letter or delivered again.
func TestMessageEnds(t *testing.T) {
	task := examples.JSON("encode.requested.v1/minimal")
	transient := errs.E("x", errs.Transient, errors.New("later"))
	for _, tt := range []struct {
		name    string
		body    string
		attempt int
		err     error
		panics  bool
		full    bool

		failed, buried bool
		sent           int
	}{
		{name: "handled", body: task, attempt: 1, sent: 1},
		{name: "transient is tried again", body: task, attempt: 1, err: transient, failed: true},
		{name: "a bug is tried again", body: task, attempt: 4, err: errors.New("bug"), failed: true},
		{name: "a panic is tried again", body: task, attempt: 1, panics: true, failed: true},
		{name: "the last attempt is told and buried", body: task, attempt: 5, err: transient, buried: true, sent: 1},
		{name: "what crashed each time is told and buried", body: task, attempt: 6, panics: true, buried: true, sent: 1},
		{name: "refused is told and buried at once", body: task, attempt: 1, err: errs.Refuse("x", errs.Invalid, "bad", "It is bad."), buried: true, sent: 1},
		{name: "not found is told and buried at once", body: task, attempt: 1, err: errs.E("x", errs.NotFound, nil), buried: true, sent: 1},
		{name: "no JSON is buried at once", body: "hello", attempt: 1, buried: true},
		{name: "a type of another inbox is buried at once", body: body(t, video.UploadCompleted{At: noon}), attempt: 1, buried: true},
		{name: "what can't be sent is tried again", body: task, attempt: 1, full: true, failed: true},
		{name: "what can't be buried is tried again", body: "hello", attempt: 5, full: true, failed: true},
		{name: "a test notification says nothing", body: `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`, attempt: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &desk{full: tt.full}
			c := consumer(d, "encode", func(_ context.Context, e events.Event) ([]events.Event, error) {
				if tt.attempt > 5 {
					t.Error("handled again, which will crash again")
				}
				if tt.panics {
					panic("bug")
				}
				return []events.Event{events.Of(e.Tenant, e.Video, noon, video.TaskDone{})}, tt.err
			})
			r, err := c.Batch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{message("m", tt.attempt, tt.body)}})
			if err != nil {
				t.Fatal(err)
			}
			if r.BatchItemFailures == nil {
				t.Error("the report is null")
			}
			if failed := len(ids(r)) == 1; failed != tt.failed {
				t.Errorf("failed %v, want %v", failed, tt.failed)
			}
			if _, buried := d.buried["m"]; buried != tt.buried {
				t.Errorf("buried %v, want %v", d.buried, tt.buried)
			}
			if len(d.sent) != tt.sent {
				t.Errorf("sent %d events, want %d", len(d.sent), tt.sent)
			}
			if again := len(d.hidden) > 0; again != tt.failed {
				t.Errorf("backoff set %v, want %v", again, tt.failed)
			}
		})
	}
}

// Work that takes all the time there is leaves enough to say so.
func TestWorkThatTookTooLongIsToldAndBuried(t *testing.T) {
	d := &desk{}
	c := consumer(d, "encode", func(ctx context.Context, _ events.Event) ([]events.Event, error) {
		<-ctx.Done()
		return nil, errs.E("x", errs.Transient, ctx.Err())
	})
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second) // less than what is kept back
	defer cancel()
	r, _ := c.Batch(ctx, lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{message("m", 5, examples.JSON("encode.requested.v1/minimal"))}})
	if len(ids(r)) != 0 || len(d.sent) != 1 || len(d.buried) != 1 {
		t.Errorf("failed %v, sent %d events, buried %v", ids(r), len(d.sent), d.buried)
	}
}

// Promise 4: a message that breaks its contract is never handled, and its dead letter says where it is wrong.
func TestWhatBreaksItsContractIsBuriedAtOnce(t *testing.T) {
	for _, tt := range []struct{ name, service, body, where, code string }{
		{"one of ours", "encode", strings.Replace(examples.JSON("encode.requested.v1/full"), `"borders":[0,`, `"borders":[`, 1), "/data/plan/borders: ", "message_invalid"},
		{"its parts do not fit", "encode", strings.Replace(examples.JSON("encode.requested.v1/full"), "t/acme/", "t/other/", 1), "/data/source/key: ", "message_invalid"},
		{"S3's", "inspect", strings.Replace(examples.JSON("s3.object-created.v1/full"), `"size":`, `"size":-`, 1), "/Records/0/s3/object/size: ", "message_invalid"},
		{"S3's of another object", "inspect", strings.Replace(examples.JSON("s3.object-created.v1/full"), "%2Fsource", "%2Fsauce", 1), "key ", "message_invalid"},
		{"a version to come", "encode", strings.Replace(examples.JSON("encode.requested.v1/full"), `requested.v1"`, `requested.v9"`, 1), "/type: ", "type_unknown"},
		{"another inbox's", "encode", examples.JSON("encode.done.v1/full"), "encode does not take", "type_not_taken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &desk{}
			c := consumer(d, tt.service, func(context.Context, events.Event) ([]events.Event, error) {
				t.Error("it was handled")
				return nil, nil
			})
			r, _ := c.Batch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{message("m", 1, tt.body)}})
			if len(ids(r)) > 0 || !strings.HasPrefix(d.buried["m"], tt.where) || d.code != tt.code {
				t.Errorf("failed %v, buried %v with %s, want %s and a reason that begins with %s", ids(r), d.buried, d.code, tt.code, tt.where)
			}
		})
	}
}

func TestAPoisonMessageHarmsNoNeighbour(t *testing.T) {
	d := &desk{}
	c := consumer(d, "encode", func(_ context.Context, e events.Event) ([]events.Event, error) { return nil, nil })
	good := examples.JSON("encode.requested.v1/minimal")
	r, _ := c.Batch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{message("a", 1, good), message("b", 1, "poison"), message("c", 1, good)}})
	if len(ids(r)) != 0 || len(d.buried) != 1 {
		t.Errorf("failed %v, buried %v", ids(r), d.buried)
	}
}

func TestFIFOStopsItsGroupAtAFailure(t *testing.T) {
	d := &desk{}
	n := 0
	c := consumer(d, "publish", func(context.Context, events.Event) ([]events.Event, error) {
		n++
		if n == 2 {
			return nil, errors.New("bug")
		}
		return nil, nil
	})
	good := body(t, video.UploadCompleted{At: noon})
	other := message("d", 1, good)
	other.Attributes["MessageGroupId"] = "another video"
	r, _ := c.Batch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{message("a", 1, good), message("b", 1, good), message("c", 1, good), other}})
	if diff := cmp.Diff([]string{"b", "c"}, ids(r)); diff != "" {
		t.Error(diff)
	}
	if n != 3 {
		t.Errorf("%d messages handled, want a, b and d", n)
	}
	if diff := cmp.Diff([]string{"b", "c"}, d.hidden); diff != "" {
		t.Errorf("SQS delivers b again when no message of its group is in flight: %s", diff)
	}
}

// A message may have been left alone behind another at each of its deliveries.
func TestFIFOTriesWhatWasDeliveredTooOften(t *testing.T) {
	d, tried := &desk{}, false
	c := consumer(d, "publish", func(context.Context, events.Event) ([]events.Event, error) {
		tried = true
		return nil, nil
	})
	late := message("m", c.Service.Inbox.Attempts+1, body(t, video.UploadCompleted{At: noon}))
	r, _ := c.Batch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{late}})
	if !tried || len(ids(r)) != 0 || len(d.buried) != 0 {
		t.Errorf("tried %v, failed %v, buried %v", tried, ids(r), d.buried)
	}
}

func TestS3Notification(t *testing.T) {
	var got []events.Event
	d := &desk{}
	c := consumer(d, "inspect", func(_ context.Context, e events.Event) ([]events.Event, error) {
		got = append(got, e)
		return nil, nil
	})
	record := `{"eventName":"%s","eventTime":"2026-11-22T12:00:00Z","s3":{"bucket":{"name":"b"},"object":{"key":"%s","size":5,"eTag":"e1"}}}`
	notification := func(records string) lambdaevents.SQSEvent {
		return lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{message("m", 1, `{"Records":[`+records+`]}`)}}
	}
	_, _ = c.Batch(t.Context(), notification(fmt.Sprintf(record, "ObjectCreated:CompleteMultipartUpload", "t%2Facme%2Fvid_1%2Fsource")+","+fmt.Sprintf(record, "ObjectRemoved:Delete", "t/acme/vid_2/source")))
	want := []events.Event{{
		ID: "vid_1:s3.object-created.v1:e1", Type: events.ObjectCreated, Time: noon, Tenant: "acme", Video: "vid_1",
		Data: events.Object{Bucket: "b", Key: "t/acme/vid_1/source", Size: 5, ETag: "e1", At: noon},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, _ = c.Batch(t.Context(), notification(fmt.Sprintf(record, "ObjectCreated:Put", "elsewhere/x")))
	if len(d.buried) != 1 {
		t.Error("an object with a foreign key must be a dead letter")
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	for _, tt := range []struct {
		n      int
		jitter float64
		want   time.Duration
	}{{1, 0, 2 * time.Second}, {1, 1, time.Second}, {2, 0, 4 * time.Second}, {5, 0, 32 * time.Second}, {50, 0, 5 * time.Minute}, {0, 0, 2 * time.Second}} {
		if got := queue.Backoff(24*time.Second, tt.n, tt.jitter); got != tt.want {
			t.Errorf("after attempt %d with jitter %v: %v, want %v", tt.n, tt.jitter, got, tt.want)
		}
	}
}

// Nothing is sent again to the owner of the rows but by hand, so it must outlive an outage of the table; and work that
// is given up fails a video, so it must outlive a short one of S3.
func TestHowLongServicesTry(t *testing.T) {
	for name, want := range map[string]time.Duration{"publish": 10 * time.Minute, "inspect": 90 * time.Second, "encode": 90 * time.Second} {
		s, _ := services.Lookup(name)
		var tries time.Duration
		for n := 1; n < s.Inbox.Attempts; n++ {
			tries += queue.Backoff(s.Timeout, n, 1)
		}
		if tries < want {
			t.Errorf("%s gives up after %v, want %v at least", name, tries, want)
		}
	}
}

func TestReasonKeepsForeignTextOut(t *testing.T) {
	secret := errors.New("GET /x?X-Amz-Signature=abc")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{secret, "an error of no known kind"},
		{errs.E("blob.Get", errs.Transient, secret), "blob.Get: transient"},
		{errs.Refuse("x", errs.Invalid, "bad", "It is bad."), "It is bad."},
		{errs.E("events.Decode", errs.Invalid, errors.New("no id")), "no id"},
	} {
		if got := queue.Reason(tt.err); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
