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

// keepDead is how long dead letters wait for someone to look: the longest that SQS allows.
const keepDead = 14 * 24 * time.Hour

// inbox is a queue of a service's and, beside the first of them, the queue of its dead letters.
type inbox struct {
	scope       constructs.Construct
	queue, dead awssqs.Queue
	mapping     awslambda.EventSourceMapping // nil until it feeds a function
}

// newInboxes makes the queues of a service's inbox.
func newInboxes(scope constructs.Construct, s services.Service) (all []*inbox) {
	for _, q := range s.Queues() {
		in := &inbox{scope: constructs.NewConstruct(scope, jsii.String(title(q.Name)+"Inbox"))}
		if all = append(all, in); len(all) == 1 {
			dead := queueProps(prefix+s.Name+"-dead", s.Inbox.FIFO)
			dead.RetentionPeriod = duration(keepDead)
			in.dead = awssqs.NewQueue(in.scope, jsii.String("Dead"), dead)
		}
		in.dead = all[0].dead

		queue := queueProps(prefix+q.Name, s.Inbox.FIFO)
		queue.MaxMessageSizeBytes = number(events.MaxBytes) // a dead letter has notes beside that, and fits a row
		queue.VisibilityTimeout = duration(s.Visibility())
		queue.DeadLetterQueue = &awssqs.DeadLetterQueue{Queue: in.dead, MaxReceiveCount: number(s.Inbox.Receives())}
		in.queue = awssqs.NewQueue(in.scope, jsii.String("Queue"), queue)
	}
	return all
}

// admit lets a principal of another account send to the queue. Those of this account need a policy of their own alone.
func (in *inbox) admit(principal string) {
	in.queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("sqs:SendMessage"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewArnPrincipal(jsii.String(principal))},
		Resources:  jsii.Strings(*in.queue.QueueArn()),
	}))
}

// hear subscribes the queue to the facts that the inbox takes, if any: raw, as they were published. The others would be
// dead letters, hence a list of types; a list that is changed takes up to 15 minutes to hold
// (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html).
func (in *inbox) hear(topic awssns.Topic, facts []string) {
	if len(facts) == 0 {
		return
	}
	types := awssns.SubscriptionFilter_StringFilter(&awssns.StringConditions{Allowlist: jsii.Strings(facts...)})
	topic.AddSubscription(awssnssubscriptions.NewSqsSubscription(in.queue, &awssnssubscriptions.SqsSubscriptionProps{
		RawMessageDelivery: jsii.Bool(true),
		FilterPolicy:       &map[string]awssns.SubscriptionFilter{"type": types},
		DeadLetterQueue:    in.dead,
	}))
}

// queueProps returns what holds for every queue: encrypted at rest and on its way, and, of a FIFO queue, in order for
// each group alone. Senders name the messages, so that a fact told twice is one message.
func queueProps(name string, fifo bool) *awssqs.QueueProps {
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

// feed has Lambda take messages from the queue to f, with so many workers until the scaling law says otherwise. There is
// no batching window: a message doesn't wait for others.
func (in *inbox) feed(f awslambda.Function, q services.Queue, set settings) {
	props := &awslambda.EventSourceMappingProps{
		Target:                  f,
		EventSourceArn:          in.queue.QueueArn(),
		BatchSize:               number(q.Inbox.Batch),
		ReportBatchItemFailures: jsii.Bool(true),
	}
	if workers, pollers := set.workers(q.Name); pollers > 0 {
		props.ProvisionedPollerConfig = &awslambda.ProvisionedPollerConfig{MinimumPollers: number(scaling.LeastPollers), MaximumPollers: number(pollers)}
	} else {
		props.MaxConcurrency = number(workers)
	}
	in.mapping = awslambda.NewEventSourceMapping(in.scope, jsii.String("Feed"), props)
}

func duration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

func number(n int) *float64 { return jsii.Number(n) }
