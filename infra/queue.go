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

// deadLetterRetention is how long dead letters wait for someone to look: the longest that SQS allows.
const deadLetterRetention = 14 * 24 * time.Hour

// serviceQueue is a queue of a service's and, beside the first of them, the queue of its dead letters.
type serviceQueue struct {
	scope              constructs.Construct
	queue, deadLetters awssqs.Queue
	eventSourceMapping awslambda.EventSourceMapping // nil until it feeds a function
}

// newServiceQueues makes the queues of a service's inbox.
func newServiceQueues(scope constructs.Construct, s services.Service) (all []*serviceQueue) {
	for _, q := range s.Queues() {
		in := &serviceQueue{scope: constructs.NewConstruct(scope, jsii.String(toConstructID(q.Name)+"Inbox"))}
		if all = append(all, in); len(all) == 1 {
			dead := newQueueProps(namePrefix+s.Name+"-dead", s.Inbox.FIFO)
			dead.RetentionPeriod = cdkDuration(deadLetterRetention)
			in.deadLetters = awssqs.NewQueue(in.scope, jsii.String("Dead"), dead)
		}
		in.deadLetters = all[0].deadLetters

		queue := newQueueProps(namePrefix+q.Name, s.Inbox.FIFO)
		queue.MaxMessageSizeBytes = jsiiNumber(events.MaxBytes) // a dead letter has notes beside that, and fits a row
		queue.VisibilityTimeout = cdkDuration(s.VisibilityTimeout())
		queue.DeadLetterQueue = &awssqs.DeadLetterQueue{Queue: in.deadLetters, MaxReceiveCount: jsiiNumber(s.Inbox.MaxReceiveCount())}
		in.queue = awssqs.NewQueue(in.scope, jsii.String("Queue"), queue)
	}
	return all
}

// allowSender lets a principal of another account send to the queue. Those of this account need a policy of their own alone.
func (in *serviceQueue) allowSender(principal string) {
	in.queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("sqs:SendMessage"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String(principal))},
		Resources:  jsii.Strings(*in.queue.QueueArn()),
	}))
}

// subscribeToTopic subscribes the queue to the facts that the inbox takes, if any: raw, as they were published. The others would be
// dead letters, hence a list of types; a list that is changed takes up to 15 minutes to hold
// (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html).
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

// newQueueProps returns what holds for every queue: encrypted at rest and on its way, and, of a FIFO queue, in order for
// each group alone. Senders name the messages, so that a fact told twice is one message.
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

// addEventSourceMapping has Lambda take messages from the queue to f, with so many workers until the scaling law says otherwise. There is
// no batching window: a message doesn't wait for others.
func (in *serviceQueue) addEventSourceMapping(f awslambda.Function, q services.Queue, set settings) {
	props := &awslambda.EventSourceMappingProps{
		Target:                  f,
		EventSourceArn:          in.queue.QueueArn(),
		BatchSize:               jsiiNumber(q.Inbox.BatchSize),
		ReportBatchItemFailures: jsii.Bool(true),
	}
	if workers, pollers := set.initialWorkers(q.Name); pollers > 0 {
		props.ProvisionedPollerConfig = &awslambda.ProvisionedPollerConfig{MinimumPollers: jsiiNumber(scaling.MinPollers), MaximumPollers: jsiiNumber(pollers)}
	} else {
		props.MaxConcurrency = jsiiNumber(workers)
	}
	in.eventSourceMapping = awslambda.NewEventSourceMapping(in.scope, jsii.String("Feed"), props)
}

func cdkDuration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

func jsiiNumber(n int) *float64 { return jsii.Number(n) }
