// Command subscriber is an example of a CDK app beside Sluice: a queue that receives the events of videos. All that it
// needs to know of Sluice is the ARN of its topic, the output TopicArn.
//
//	cdk deploy --app "go run ./infra/subscriber" -c topic_arn=arn:aws:sns:… [-c tenant=acme]
//
// Its output EventsUrl is the URL of the queue. events/asyncapi.yaml describes the messages, at the channel topic.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "subscriber:", err)
		os.Exit(1)
	}
}

func run() error {
	defer jsii.Close()
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})
	text := func(name string) string {
		s, _ := app.Node().TryGetContext(jsii.String(name)).(string)
		return s
	}
	topic := text("topic_arn")
	if topic == "" {
		return errors.New("say which topic: -c topic_arn=<Sluice's output TopicArn>")
	}
	newStack(app, topic, text("tenant"))
	app.Synth(nil)
	return nil
}

// newStack makes the queue and its subscription. Messages arrive as they were published (raw delivery), those of one
// tenant only if a tenant is given. The filter is a prefix instead of a list of types, so that it passes types that are
// added later: a changed filter takes up to 15 minutes to have effect
// (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html).
func newStack(scope constructs.Construct, topicARN, tenant string) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String("SluiceSubscriber"), &awscdk.StackProps{
		Description: jsii.String("An example: a queue that is told what happens to Sluice's videos"),
	})
	dead := newQueue(stack, "Dead", nil)
	queue := newQueue(stack, "Events", dead)
	matches := awssns.SubscriptionFilter_StringFilter
	filter := map[string]awssns.SubscriptionFilter{
		"type": matches(&awssns.StringConditions{MatchPrefixes: jsii.Strings("video.")}),
	}
	if tenant != "" {
		filter["tenant"] = matches(&awssns.StringConditions{Allowlist: jsii.Strings(tenant)})
	}
	topic := awssns.Topic_FromTopicArn(stack, jsii.String("Topic"), jsii.String(topicARN))
	topic.AddSubscription(awssnssubscriptions.NewSqsSubscription(queue, &awssnssubscriptions.SqsSubscriptionProps{
		RawMessageDelivery: jsii.Bool(true), FilterPolicy: &filter, DeadLetterQueue: dead,
	}))
	awscdk.NewCfnOutput(stack, jsii.String("EventsUrl"), &awscdk.CfnOutputProps{Value: queue.QueueUrl()})
	return stack
}

// newQueue makes a queue that is encrypted at rest and in transit. A message that was received five times without being
// deleted moves to dead, unless that is nil.
func newQueue(scope constructs.Construct, id string, dead awssqs.Queue) awssqs.Queue {
	props := &awssqs.QueueProps{
		Encryption: awssqs.QueueEncryption_SQS_MANAGED, EnforceSSL: jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Seconds(jsii.Number((14 * 24 * time.Hour).Seconds())),
	}
	if dead != nil {
		props.DeadLetterQueue = &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(5)}
	}
	return awssqs.NewQueue(scope, jsii.String(id), props)
}
