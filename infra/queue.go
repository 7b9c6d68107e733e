package main

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/events"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

// How long queues keep messages: an inbox for SQS's default, a dead-letter queue for the longest that SQS allows.
const (
	messageRetention    = 4 * 24 * time.Hour
	deadLetterRetention = 14 * 24 * time.Hour
)

// serviceQueue is a queue of a service's inbox and the dead-letter queue of the inbox.
type serviceQueue struct {
	scope              constructs.Construct
	queue, deadLetters awssqs.Queue
	eventSourceMapping awslambda.EventSourceMapping // nil before addEventSourceMapping
}

// newServiceQueues makes the queues of a service's inbox, one for each lane, and their dead-letter queue.
func newServiceQueues(scope constructs.Construct, s services.Service, set settings) (all []*serviceQueue) {
	for _, q := range s.Queues() {
		in := &serviceQueue{scope: constructs.NewConstruct(scope, jsii.String(services.PascalCase(q.Name)+"Inbox"))}
		if all = append(all, in); len(all) == 1 {
			dead := newQueueProps(set.buildName(s.Name+"-dead"), s.Inbox.FIFO)
			dead.RetentionPeriod = cdkDuration(deadLetterRetention)
			in.deadLetters = awssqs.NewQueue(in.scope, jsii.String("Dead"), dead)
		}
		in.deadLetters = all[0].deadLetters

		queue := newQueueProps(set.buildName(q.Name), s.Inbox.FIFO)
		// a dead letter, with its attributes, has to fit into a row
		queue.MaxMessageSizeBytes = jsiiNumber(events.MaxBytes)
		queue.RetentionPeriod = cdkDuration(messageRetention)
		queue.VisibilityTimeout = cdkDuration(s.VisibilityTimeout())
		queue.DeadLetterQueue = &awssqs.DeadLetterQueue{
			Queue: in.deadLetters, MaxReceiveCount: jsiiNumber(s.Inbox.MaxReceiveCount()),
		}
		in.queue = awssqs.NewQueue(in.scope, jsii.String("Queue"), queue)
	}
	return all
}

// allowSender lets a principal of another account send to the queue. A principal of this account needs only a policy of
// its own.
func (in *serviceQueue) allowSender(principal string) {
	in.queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("sqs:SendMessage"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String(principal))},
		Resources:  jsii.Strings(*in.queue.QueueArn()),
	}))
}

// subscribeToTopic subscribes the queue to the facts, if there are any. Messages arrive as they were published (raw
// delivery). The filter lists the types, because other types would become dead letters. A changed filter takes up to 15
// minutes to have effect (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html).
func (in *serviceQueue) subscribeToTopic(topic awssns.Topic, facts []string) {
	if len(facts) == 0 {
		return
	}
	types := awssns.SubscriptionFilter_StringFilter(&awssns.StringConditions{Allowlist: jsii.Strings(facts...)})
	topic.AddSubscription(awssnssubscriptions.NewSqsSubscription(in.queue, &awssnssubscriptions.SqsSubscriptionProps{
		RawMessageDelivery: jsii.Bool(true),
		FilterPolicy:       &map[string]awssns.SubscriptionFilter{"type": types},
		DeadLetterQueue:    in.deadLetters,
	}))
}

// newQueueProps returns the properties of every queue: messages are encrypted at rest and in transit. A FIFO queue
// keeps the order within each message group, and drops duplicates by the id that the sender sets.
func newQueueProps(name string, fifo bool) *awssqs.QueueProps {
	p := &awssqs.QueueProps{
		QueueName:  jsii.String(name),
		Encryption: awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL: jsii.Bool(true),
	}
	if fifo {
		p.QueueName = jsii.String(name + ".fifo")
		p.Fifo = jsii.Bool(true)
		p.ContentBasedDeduplication = jsii.Bool(false)
		p.DeduplicationScope = awssqs.DeduplicationScope_MESSAGE_GROUP
		p.FifoThroughputLimit = awssqs.FifoThroughputLimit_PER_MESSAGE_GROUP_ID
	}
	return p
}

// addEventSourceMapping makes Lambda take messages from the queue to f, with an initial number of workers that
// reconcile changes later. There is no batching window, so that a message doesn't wait for others.
func (in *serviceQueue) addEventSourceMapping(f awslambda.Function, q services.Queue, set settings) {
	props := &awslambda.EventSourceMappingProps{
		Target:                  f,
		EventSourceArn:          in.queue.QueueArn(),
		BatchSize:               jsiiNumber(q.Inbox.BatchSize),
		ReportBatchItemFailures: jsii.Bool(true),
	}
	if workers, pollers := set.initialWorkers(q.Name); pollers > 0 {
		props.ProvisionedPollerConfig = &awslambda.ProvisionedPollerConfig{
			MinimumPollers: jsiiNumber(scaling.MinPollers), MaximumPollers: jsiiNumber(pollers),
		}
	} else {
		props.MaxConcurrency = jsiiNumber(workers)
	}
	in.eventSourceMapping = awslambda.NewEventSourceMapping(in.scope, jsii.String("Feed"), props)
}

func cdkDuration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

func jsiiNumber(n int) *float64 { return jsii.Number(n) }
