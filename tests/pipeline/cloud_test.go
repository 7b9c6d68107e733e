package pipeline_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/functions/encode"
	"sluice/functions/inspect"
	"sluice/shared/domain/services"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/source"
)

// cloud is all services in one process, behind the consumers they have on AWS: what fails is delivered again as often
// as the map says, and then given up.
type cloud struct {
	*world
	consumers map[string]*queue.Consumer
	waiting   []delivery
	again     int      // deliveries beyond a message's first
	buried    []string // reasons
}

type delivery struct {
	to, body string
	attempt  int
}

// newCloud returns a cloud with the real tools that holds one original, about to be announced.
func newCloud(t *testing.T, dir string, body []byte) *cloud {
	t.Helper()
	return newCloudWith(t, ffmpeg.Tools{Dir: dir}, body)
}

func newCloudWith(t *testing.T, tools source.Tools, body []byte) *cloud {
	t.Helper()
	originals, first := newSourceBucket(t, body)
	o := first.Data.(events.Object)
	c := &cloud{world: newWorld(t), consumers: map[string]*queue.Consumer{}}
	i := inspect.Inspector{Source: originals, Tools: tools, Work: t.TempDir(), Now: now}
	n := encode.Encoder{Source: originals, Media: c.media, Tools: tools, Work: t.TempDir(), Now: now}
	c.consume("inspect", i.Handle, i.GiveUp)
	c.consume("encode", n.Handle, n.GiveUp)
	c.consume("publish", c.publisher().Handle, nil)
	c.waiting = []delivery{{to: "inspect", body: fmt.Sprintf(
		`{"Records":[{"eventName":"ObjectCreated:Put","eventTime":%q,"s3":{"bucket":{"name":"source"},"object":{"key":%q,"size":%d,"eTag":%q}}}]}`,
		o.At.Format(time.RFC3339), o.Key, o.Size, o.ETag)}}
	return c
}

func (c *cloud) consume(service string, h queue.Handler, g queue.GiveUp) {
	s, _ := services.Lookup(service)
	c.consumers[service] = &queue.Consumer{Service: s, Handle: h, GiveUp: g, Send: c, Queue: c, Log: slog.New(slog.DiscardHandler)}
}

// settle delivers until nothing waits.
func (c *cloud) settle(t *testing.T) {
	t.Helper()
	for ; len(c.waiting) > 0; c.waiting = c.waiting[1:] {
		d := c.waiting[0]
		d.attempt++
		c.again += min(1, d.attempt-1)
		m := lambdaevents.SQSMessage{MessageId: "m", Body: d.body, Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(d.attempt), "MessageGroupId": "g"}}
		r, err := c.consumers[d.to].Batch(t.Context(), lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{m}})
		if err != nil || d.attempt > c.consumers[d.to].Service.Inbox.Attempts {
			t.Fatalf("%s: attempt %d, %v", d.to, d.attempt, err)
		}
		if len(r.BatchItemFailures) > 0 {
			c.waiting = append(c.waiting, d)
		}
	}
}

// Send does as the publisher's, with the messages as they are on the wire.
func (c *cloud) Send(_ context.Context, es ...events.Event) error {
	for _, e := range es {
		b, err := events.Encode(e)
		if err != nil {
			return err
		}
		if to := services.To(string(e.Type)); to != services.Topic {
			c.waiting = append(c.waiting, delivery{to: to, body: string(b)})
		}
	}
	return nil
}

// Bury notes the reason.
func (c *cloud) Bury(_ context.Context, _ lambdaevents.SQSMessage, reason error) error {
	c.buried = append(c.buried, reason.Error())
	return nil
}

// Hide does nothing: there is no clock here.
func (c *cloud) Hide(context.Context, lambdaevents.SQSMessage, time.Duration) error { return nil }
