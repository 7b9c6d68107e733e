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

// messageOutcome is how the processing of a message ended.
type messageOutcome string

const (
	messageAdvanced   messageOutcome = "advanced" // the first message with its event that was handled
	messageIgnored    messageOutcome = "ignored"  // handled after another message with the same event
	messageDeadLetter messageOutcome = "dead letter"
	messageMovedBySQS messageOutcome = "dead letter by SQS"
)

// messageLedger counts messages and their outcomes.
type messageLedger struct {
	received          map[string]int // by service
	seen              map[string]bool
	outcomes          map[messageOutcome]int
	handled           map[string]bool                    // by service and event id
	outcomesByMessage map[string]map[messageOutcome]bool // by service and message id
	redeliveries      int                                // deliveries after the first one of a message
}

// recordSent counts a message unless the queue had it before.
func (l *messageLedger) recordSent(service, id string) {
	if k := service + " " + id; !l.seen[k] {
		l.seen[k] = true
		l.received[service]++
	}
}

// recordOutcome counts the outcome of a message.
func (l *messageLedger) recordOutcome(service string, m lambdaevents.SQSMessage, deadLettered bool) {
	how, k := messageIgnored, service+" "+eventID(m)
	switch {
	case deadLettered:
		how = messageDeadLetter
	case !l.handled[k]:
		how = messageAdvanced
		l.handled[k] = true
	}
	l.outcomes[how]++
	k = service + " " + m.MessageId
	if l.outcomesByMessage[k] == nil {
		l.outcomesByMessage[k] = map[messageOutcome]bool{}
	}
	l.outcomesByMessage[k][how] = true
}

// eventID returns the id of the event in a message, or the body if it has none.
func eventID(m lambdaevents.SQSMessage) string {
	var e struct{ ID string }
	if err := json.Unmarshal([]byte(m.Body), &e); err == nil && e.ID != "" {
		return e.ID
	}
	return m.Body
}

// checkLedger compares the ledger with the queues: each message has exactly one outcome, and each dead letter has a
// reason. With faultsToTheEnd, a function can die in every attempt. SQS then moves the message to the dead-letter queue
// itself, possibly after it was handled.
func (sim *simulation) checkLedger() {
	in, out := 0, 0
	for _, n := range sim.ledger.received {
		in += n
	}
	for _, s := range slices.Sorted(maps.Keys(sim.deadLetterURLs)) {
		sim.checkDeadLetters(s)
	}
	for _, n := range sim.ledger.outcomes {
		out += n
	}
	if in != out {
		sim.recordProblem("%d messages were sent and %d have an outcome: %v", in, out, sim.ledger.outcomes)
	}
	for m, ends := range sim.ledger.outcomesByMessage {
		if ends[messageDeadLetter] && len(ends) > 1 && !sim.faultsToTheEnd {
			sim.recordProblem("%s was handled and is also a dead letter", m)
		}
	}
}

// checkDeadLetters checks the dead letters of a service.
func (sim *simulation) checkDeadLetters(service string) {
	url := sim.deadLetterURLs[service]
	for sim.sqs.CountMessages(url) > 0 {
		out, err := sim.sqs.ReceiveMessage(
			context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10},
		)
		if err != nil || len(out.Messages) == 0 {
			sim.recordProblem("%s: dead letters can't be read: %v", service, err)
			return
		}
		for _, m := range out.Messages {
			sim.checkDeadLetter(service, m)
			_, _ = sim.sqs.DeleteMessage(
				context.Background(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle},
			)
		}
	}
}

func (sim *simulation) checkDeadLetter(service string, m types.Message) {
	id, reason := m.MessageAttributes["message_id"].StringValue, m.MessageAttributes["reason"].StringValue
	switch {
	case id == nil && sim.faultsToTheEnd:
		sim.ledger.outcomes[messageMovedBySQS]++
	case id == nil || reason == nil || *reason == "":
		sim.recordProblem("%s: a dead letter without a reason: %s", service, *m.Body)
	case !sim.faultsToTheEnd && !sim.ledger.outcomesByMessage[service+" "+*id][messageDeadLetter]:
		sim.recordProblem("%s: message %s is a dead letter, but its attempts were not exhausted", service, *id)
	}
}

// receiveCount returns how often a message was delivered.
func receiveCount(attributes map[string]string) int {
	n, _ := strconv.Atoi(attributes["ApproximateReceiveCount"])
	return n
}

// summarizeBatch describes the messages of a batch for the log.
func summarizeBatch(batch lambdaevents.SQSEvent) (out []string) {
	for _, m := range batch.Records {
		n := eventID(m)
		out = append(
			out, fmt.Sprintf("%s (%s) %s", m.MessageId, m.Attributes["ApproximateReceiveCount"], n[:min(60, len(n))]),
		)
	}
	return out
}
