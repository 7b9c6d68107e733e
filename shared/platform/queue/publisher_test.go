package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/events"
	"sluice/events/examples"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
	"sluice/shared/platform/telemetry/trace"
)

// fakeCloud records the calls of SQS and SNS.
type fakeCloud struct {
	batches           []*sqs.SendMessageBatchInput
	messages          []*sqs.SendMessageInput
	visibilityChanges []*sqs.ChangeMessageVisibilityInput
	published         []*sns.PublishInput
	refusals          int // the last entry of a batch, so often
	outage            error
}

func (c *fakeCloud) SendMessageBatch(
	_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options),
) (*sqs.SendMessageBatchOutput, error) {
	c.batches = append(c.batches, in)
	out := &sqs.SendMessageBatchOutput{}
	if c.refusals--; c.refusals >= 0 {
		out.Failed = []types.BatchResultErrorEntry{{Id: in.Entries[len(in.Entries)-1].Id, Message: aws.String("no")}}
	}
	return out, c.outage
}

func (c *fakeCloud) SendMessage(
	_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options),
) (*sqs.SendMessageOutput, error) {
	c.messages = append(c.messages, in)
	return &sqs.SendMessageOutput{}, c.outage
}

func (c *fakeCloud) ChangeMessageVisibility(
	_ context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options),
) (*sqs.ChangeMessageVisibilityOutput, error) {
	c.visibilityChanges = append(c.visibilityChanges, in)
	return &sqs.ChangeMessageVisibilityOutput{}, c.outage
}

func (c *fakeCloud) Publish(
	_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options),
) (*sns.PublishOutput, error) {
	c.published = append(c.published, in)
	return &sns.PublishOutput{}, c.outage
}

func newTestPublisher(service string, c *fakeCloud) *queue.Publisher {
	s, _ := services.Lookup(service)
	return &queue.Publisher{
		Service: s, Queues: c, Topic: c, TopicARN: "arn:topic",
		URL:         func(s string) string { return "https://queue/" + s },
		TraceHeader: func(context.Context) string { return "Root=1-5-6" },
	}
}

// newEncodeRequests returns n requests of different tasks.
func newEncodeRequests(n int) (es []events.Event) {
	for i := range n {
		e := examples.ReadEvent("encode.requested.v1/minimal")
		e.ID = fmt.Sprint(i)
		es = append(es, e)
	}
	return es
}

func TestPublisherSendsToQueueOrTopic(t *testing.T) {
	c := &fakeCloud{}
	es := append([]events.Event{examples.ReadEvent("video.processing.v1/minimal")}, newEncodeRequests(12)...)
	if err := newTestPublisher("publish", c).Send(t.Context(), es...); err != nil {
		t.Fatal(err)
	}
	if len(c.batches) != 2 || len(c.batches[0].Entries) != 10 || len(c.batches[1].Entries) != 2 {
		t.Fatalf("%d batches, want one of 10 entries and one of 2", len(c.batches))
	}
	b := c.batches[0]
	if got := aws.ToString(b.QueueUrl); got != "https://queue/encode" {
		t.Errorf("sent to %s", got)
	}
	if got := aws.ToString(b.Entries[0].MessageGroupId); got != es[1].Tenant ||
		b.Entries[0].MessageDeduplicationId != nil {
		t.Errorf("the group is %q, not the tenant", got)
	}
	if got := aws.ToString(b.Entries[0].MessageSystemAttributes["AWSTraceHeader"].StringValue); got != "Root=1-5-6" {
		t.Errorf("trace header %q", got)
	}
	if len(c.published) != 1 || aws.ToString(
		c.published[0].MessageAttributes["type"].StringValue,
	) != "video.processing.v1" {
		t.Errorf("facts %v, want one with its type as attribute", c.published)
	}
	if e, err := events.Decode([]byte(*c.published[0].Message)); err != nil || e.Trace != "Root=1-5-6" {
		t.Errorf("the envelope carries trace %q, %v", e.Trace, err)
	}
}

// The attribute is what Lambda links traces by; the event keeps the header of its trace.
func TestPublisherAndRedriverLimitLinks(t *testing.T) {
	c, asked := &fakeCloud{}, []string{}
	limit := func(_ context.Context, stored string) string {
		asked = append(asked, stored)
		return "Root=1-linked"
	}
	p, e := newTestPublisher("publish", c), newEncodeRequests(1)[0]
	p.LimitLinks, e.Trace = limit, "Root=1-upload"
	if err := p.Send(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	body := aws.ToString(c.batches[0].Entries[0].MessageBody)
	r := queue.Redriver{Client: c, URL: func(string) string { return "https://queue" }, LimitLinks: limit}
	if err := r.Redrive(t.Context(), video.DeadLetter{Service: "encode", Body: body}); err != nil {
		t.Fatal(err)
	}
	for _, attributes := range []map[string]types.MessageSystemAttributeValue{
		c.batches[0].Entries[0].MessageSystemAttributes, c.messages[0].MessageSystemAttributes,
	} {
		if got := aws.ToString(attributes["AWSTraceHeader"].StringValue); got != "Root=1-linked" {
			t.Errorf("the attribute has %q", got)
		}
	}
	if sent, err := events.Decode([]byte(body)); err != nil || sent.Trace != "Root=1-upload" {
		t.Errorf("the event has %q, %v", sent.Trace, err)
	}
	if !slices.Equal(asked, []string{"Root=1-upload", "Root=1-upload"}) {
		t.Errorf("asked for %q", asked)
	}
}

// X-Ray links an invocation to the trace of each message of its batch.
func TestBatchesFitIntoTheLinksOfASegment(t *testing.T) {
	for _, q := range services.ListQueues() {
		if q.Inbox.BatchSize > trace.MaxReceivedLinks {
			t.Errorf("%s receives %d messages at once", q.Name, q.Inbox.BatchSize)
		}
	}
}

func TestPublisherGroupsByVideo(t *testing.T) {
	c := &fakeCloud{}
	e := examples.ReadEvent("encode.done.v1/minimal")
	if err := newTestPublisher("encode", c).Send(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	entry := c.batches[0].Entries[0]
	if aws.ToString(entry.MessageGroupId) != e.Tenant+"."+e.Video ||
		aws.ToString(entry.MessageDeduplicationId) != e.ID {
		t.Errorf(
			"group %s, deduplication %s", aws.ToString(entry.MessageGroupId),
			aws.ToString(entry.MessageDeduplicationId),
		)
	}
}

func TestPublisherErrorKinds(t *testing.T) {
	for name, tt := range map[string]struct {
		cloud *fakeCloud
		event string
		want  errs.Kind
	}{
		"not in the map":   {&fakeCloud{}, "upload.completed.v1/minimal", errs.Internal},
		"an entry refused": {&fakeCloud{refusals: 99}, "encode.requested.v1/minimal", errs.Transient},
		"queue down":       {&fakeCloud{outage: errors.New("down")}, "encode.requested.v1/minimal", errs.Transient},
		"topic down":       {&fakeCloud{outage: errors.New("down")}, "video.ready.v1/minimal", errs.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			if err := newTestPublisher("publish", tt.cloud).Send(
				t.Context(), examples.ReadEvent(tt.event),
			); errs.KindOf(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestOnlyRejectedBatchEntryIsSentAgain: accepted entries are not sent again, because their work would be done twice.
func TestOnlyRejectedBatchEntryIsSentAgain(t *testing.T) {
	c := &fakeCloud{refusals: 2}
	if err := newTestPublisher("publish", c).Send(t.Context(), newEncodeRequests(12)...); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, b := range c.batches {
		sizes = append(sizes, len(b.Entries))
	}
	if !slices.Equal(
		sizes, []int{10, 1, 1, 2},
	) || *c.batches[1].Entries[0].MessageBody != *c.batches[0].Entries[9].MessageBody {
		t.Errorf("batches of %v", sizes)
	}
}

func TestServiceQueueDeadLettersAndChangesVisibility(t *testing.T) {
	c := &fakeCloud{}
	q := queue.ServiceQueue{
		Client: c, URLs: []string{"https://queue/publish"}, DeadLetterURL: "https://queue/publish-dead", FIFO: true,
	}
	m := lambdaevents.SQSMessage{
		MessageId: "m", ReceiptHandle: "r", Body: "b", Attributes: map[string]string{"MessageGroupId": "g"},
	}
	if err := q.SendToDeadLetterQueue(t.Context(), m, errs.New("x", errs.Invalid, "bad", "It is bad.")); err != nil {
		t.Fatal(err)
	}
	in := c.messages[0]
	if *in.QueueUrl != q.DeadLetterURL || *in.MessageBody != "b" || *in.MessageGroupId != "g" ||
		*in.MessageDeduplicationId != "m" ||
		*in.MessageAttributes["code"].StringValue != "bad" ||
		*in.MessageAttributes["reason"].StringValue != "It is bad." {
		t.Errorf("sent as %+v", in)
	}
	if err := q.ChangeVisibility(
		t.Context(), m, 90*time.Second,
	); err != nil || c.visibilityChanges[0].VisibilityTimeout != 90 || *c.visibilityChanges[0].ReceiptHandle != "r" {
		t.Errorf("changed as %+v, %v", c.visibilityChanges[0], err)
	}
	c.outage = errors.New("down")
	if err := q.SendToDeadLetterQueue(t.Context(), m, errors.New("x")); errs.KindOf(err) != errs.Transient {
		t.Errorf("got %v, want Transient: a message that can't be sent stays in the queue", err)
	}
}
