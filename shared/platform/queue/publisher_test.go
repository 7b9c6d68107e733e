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
	"sluice/shared/platform/queue"
)

// cloud records what is sent to SQS and SNS.
type cloud struct {
	batches []*sqs.SendMessageBatchInput
	singles []*sqs.SendMessageInput
	hidden  []*sqs.ChangeMessageVisibilityInput
	facts   []*sns.PublishInput
	refuse  int // the last entry of a batch, so often
	down    error
}

func (c *cloud) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	c.batches = append(c.batches, in)
	out := &sqs.SendMessageBatchOutput{}
	if c.refuse--; c.refuse >= 0 {
		out.Failed = []types.BatchResultErrorEntry{{Id: in.Entries[len(in.Entries)-1].Id, Message: aws.String("no")}}
	}
	return out, c.down
}

func (c *cloud) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	c.singles = append(c.singles, in)
	return &sqs.SendMessageOutput{}, c.down
}

func (c *cloud) ChangeMessageVisibility(_ context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	c.hidden = append(c.hidden, in)
	return &sqs.ChangeMessageVisibilityOutput{}, c.down
}

func (c *cloud) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	c.facts = append(c.facts, in)
	return &sns.PublishOutput{}, c.down
}

func publisher(service string, c *cloud) *queue.Publisher {
	s, _ := services.Lookup(service)
	return &queue.Publisher{
		Service: s, Queues: c, Topic: c, ARN: "arn:topic", URL: func(s string) string { return "https://queue/" + s },
		Header: func(context.Context) string { return "Root=1-5-6" },
	}
}

// requests returns so many different tasks that are asked for.
func requests(n int) (es []events.Event) {
	for i := range n {
		e := examples.Event("encode.requested.v1/minimal")
		e.ID = fmt.Sprint(i)
		es = append(es, e)
	}
	return es
}

func TestPublisherSendsWhereTheMapSays(t *testing.T) {
	c := &cloud{}
	es := append([]events.Event{examples.Event("video.processing.v1/minimal")}, requests(12)...)
	if err := publisher("publish", c).Send(t.Context(), es...); err != nil {
		t.Fatal(err)
	}
	if len(c.batches) != 2 || len(c.batches[0].Entries) != 10 || len(c.batches[1].Entries) != 2 {
		t.Fatalf("%d batches, want one of 10 entries and one of 2", len(c.batches))
	}
	b := c.batches[0]
	if got := aws.ToString(b.QueueUrl); got != "https://queue/encode" {
		t.Errorf("sent to %s", got)
	}
	if got := aws.ToString(b.Entries[0].MessageGroupId); got != es[1].Tenant || b.Entries[0].MessageDeduplicationId != nil {
		t.Errorf("the group is %q, not the tenant", got)
	}
	if got := aws.ToString(b.Entries[0].MessageSystemAttributes["AWSTraceHeader"].StringValue); got != "Root=1-5-6" {
		t.Errorf("trace header %q", got)
	}
	if len(c.facts) != 1 || aws.ToString(c.facts[0].MessageAttributes["type"].StringValue) != "video.processing.v1" {
		t.Errorf("facts %v, want one with its type as attribute", c.facts)
	}
	if e, err := events.Decode([]byte(*c.facts[0].Message)); err != nil || e.Trace != "Root=1-5-6" {
		t.Errorf("the envelope carries trace %q, %v", e.Trace, err)
	}
}

func TestPublisherOrdersByVideo(t *testing.T) {
	c := &cloud{}
	e := examples.Event("encode.done.v1/minimal")
	if err := publisher("encode", c).Send(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	entry := c.batches[0].Entries[0]
	if aws.ToString(entry.MessageGroupId) != e.Tenant+"."+e.Video || aws.ToString(entry.MessageDeduplicationId) != e.ID {
		t.Errorf("group %s, deduplication %s", aws.ToString(entry.MessageGroupId), aws.ToString(entry.MessageDeduplicationId))
	}
}

func TestPublisherFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		cloud *cloud
		event string
		want  errs.Kind
	}{
		"not in the map":   {&cloud{}, "upload.completed.v1/minimal", errs.Internal},
		"an entry refused": {&cloud{refuse: 99}, "encode.requested.v1/minimal", errs.Transient},
		"queue down":       {&cloud{down: errors.New("down")}, "encode.requested.v1/minimal", errs.Transient},
		"topic down":       {&cloud{down: errors.New("down")}, "video.ready.v1/minimal", errs.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			if err := publisher("publish", tt.cloud).Send(t.Context(), examples.Event(tt.event)); errs.KindOf(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// What SQS refuses of a batch is sent again, and nothing else: what it took would be done twice.
func TestOneEntryThatIsRefusedIsSentAgainAlone(t *testing.T) {
	c := &cloud{refuse: 2}
	if err := publisher("publish", c).Send(t.Context(), requests(12)...); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, b := range c.batches {
		sizes = append(sizes, len(b.Entries))
	}
	if !slices.Equal(sizes, []int{10, 1, 1, 2}) || *c.batches[1].Entries[0].MessageBody != *c.batches[0].Entries[9].MessageBody {
		t.Errorf("batches of %v", sizes)
	}
}

func TestQueue(t *testing.T) {
	c := &cloud{}
	q := queue.Queue{Client: c, URLs: []string{"https://queue/publish"}, Dead: "https://queue/publish-dead", FIFO: true}
	m := lambdaevents.SQSMessage{MessageId: "m", ReceiptHandle: "r", Body: "b", Attributes: map[string]string{"MessageGroupId": "g"}}
	if err := q.Bury(t.Context(), m, errs.Refuse("x", errs.Invalid, "bad", "It is bad.")); err != nil {
		t.Fatal(err)
	}
	in := c.singles[0]
	if *in.QueueUrl != q.Dead || *in.MessageBody != "b" || *in.MessageGroupId != "g" || *in.MessageDeduplicationId != "m" ||
		*in.MessageAttributes["code"].StringValue != "bad" || *in.MessageAttributes["reason"].StringValue != "It is bad." {
		t.Errorf("buried as %+v", in)
	}
	if err := q.Hide(t.Context(), m, 90*time.Second); err != nil || c.hidden[0].VisibilityTimeout != 90 || *c.hidden[0].ReceiptHandle != "r" {
		t.Errorf("hidden as %+v, %v", c.hidden[0], err)
	}
	c.down = errors.New("down")
	if err := q.Bury(t.Context(), m, errors.New("x")); errs.KindOf(err) != errs.Transient {
		t.Errorf("got %v, want Transient: a message that can't be filed stays", err)
	}
}
