package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// ending is how a message ended.
type ending string

const (
	advanced ending = "advanced" // the first of its event that was handled
	ignored  ending = "ignored"  // handled, after another of its event
	deadly   ending = "dead letter"
	moved    ending = "dead letter by SQS"
)

// ledger counts messages.
type ledger struct {
	in    map[string]int // by service
	seen  map[string]bool
	out   map[ending]int
	first map[string]bool            // events that were handled, by service and id
	ends  map[string]map[ending]bool // by service and message
	again int                        // deliveries beyond a message's first
}

// sent counts a message in, unless the queue knew it.
func (l *ledger) sent(service, id string) {
	if k := service + " " + id; !l.seen[k] {
		l.seen[k] = true
		l.in[service]++
	}
}

// ended counts a message out.
func (l *ledger) ended(service string, m lambdaevents.SQSMessage, buried bool) {
	how, k := ignored, service+" "+about(m)
	switch {
	case buried:
		how = deadly
	case !l.first[k]:
		how = advanced
		l.first[k] = true
	}
	l.out[how]++
	k = service + " " + m.MessageId
	if l.ends[k] == nil {
		l.ends[k] = map[ending]bool{}
	}
	l.ends[k][how] = true
}

// name returns the id of the event in a message, or the message's own.
func about(m lambdaevents.SQSMessage) string {
	var e struct{ ID string }
	if err := json.Unmarshal([]byte(m.Body), &e); err == nil && e.ID != "" {
		return e.ID
	}
	return m.Body
}

// settled holds the ledger to what the queues say: each message that came in went out in one way, and a dead letter
// has its reason. In a cruel world a function may die of a message on every attempt; then SQS itself takes that for
// dead, and may do so after it was handled.
func (w *world) settled() {
	in, out := 0, 0
	for _, n := range w.ledger.in {
		in += n
	}
	for _, s := range slices.Sorted(maps.Keys(w.dead)) {
		w.graves(s)
	}
	for _, n := range w.ledger.out {
		out += n
	}
	if in != out {
		w.wrong("%d messages went in and %d came out: %v", in, out, w.ledger.out)
	}
	for m, ends := range w.ledger.ends {
		if ends[deadly] && len(ends) > 1 && !w.cruel {
			w.wrong("%s was handled, and is a dead letter", m)
		}
	}
}

// graves looks at the dead letters of a service.
func (w *world) graves(service string) {
	url := w.dead[service]
	for w.sqs.Len(url) > 0 {
		out, err := w.sqs.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) == 0 {
			w.wrong("%s: dead letters can't be read: %v", service, err)
			return
		}
		for _, m := range out.Messages {
			w.grave(service, m)
			_, _ = w.sqs.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
		}
	}
}

func (w *world) grave(service string, m types.Message) {
	id, reason := m.MessageAttributes["message_id"].StringValue, m.MessageAttributes["reason"].StringValue
	switch {
	case id == nil && w.cruel:
		w.ledger.out[moved]++
	case id == nil || reason == nil || *reason == "":
		w.wrong("%s: a dead letter without a reason: %s", service, *m.Body)
	case !w.cruel && !w.ledger.ends[service+" "+*id][deadly]:
		w.wrong("%s: message %s is a dead letter, and was not given up", service, *id)
	}
}

// attempts returns how many times a message has been delivered.
func attempts(attributes map[string]string) int {
	n, _ := strconv.Atoi(attributes["ApproximateReceiveCount"])
	return n
}

// brief names the messages of a batch for the log.
func brief(batch lambdaevents.SQSEvent) (out []string) {
	for _, m := range batch.Records {
		n := about(m)
		out = append(out, fmt.Sprintf("%s (%s) %s", m.MessageId, m.Attributes["ApproximateReceiveCount"], n[:min(60, len(n))]))
	}
	return out
}
