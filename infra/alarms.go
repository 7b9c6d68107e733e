package main

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// measure is one metric and how its values are put together.
type measure struct {
	namespace, name string
	by, of          string // its dimension and the value of it; "": none
	stat            string
}

// The namespaces of AWS's own metrics, which cost nothing.
const (
	ofQueues    = "AWS/SQS"
	ofFunctions = "AWS/Lambda"
	ofGateways  = "AWS/ApiGateway"
)

func ours(m metric.Metric, stat string) measure {
	return measure{namespace: metric.Namespace, name: m.Name, stat: stat}
}

// alarm says when somebody should look. Each reads one metric: an alarm is paid for by the metrics that it reads.
type alarm struct {
	name    string // behind the prefix
	section string // of docs/runbook.md
	says    string // what is so, in a sentence
	measure
	period  time.Duration
	last    int     // how many periods are looked at,
	bad     int     // and how many of these must be
	above   float64 // bad is more than this;
	below   float64 // where this is set, less than it
	silence string  // what a period without a value is; nothing happens while nobody uses Sluice: good
}

const (
	good = "notBreaching"
	poor = "breaching"
)

// alarms returns all alarms of a deployment.
func alarms(set settings) []alarm {
	all := []alarm{
		{
			name: "dead-letters", section: "dead-letters", says: "There are dead letters that nobody has decided about.",
			measure: ours(metric.DeadLetters, "Maximum"), period: 5 * time.Minute, last: 1, bad: 1,
		}, {
			name: "stuck", section: "stuck", says: "Videos are overdue, and reminding the service that they wait for does not help.",
			measure: ours(metric.Stuck, "Maximum"), period: 5 * time.Minute, last: 1, bad: 1,
		}, {
			name: "errors", section: "errors", says: "Functions crash, run into their timeout or end in an error.",
			measure: ours(metric.Errors, "Sum"), period: 15 * time.Minute, last: 1, bad: 1, above: 4,
		}, {
			name: "throttles", section: "throttles", says: "Lambda turns invocations away: the account's concurrency is used up, by Sluice or by others.",
			measure: measure{namespace: ofFunctions, name: "Throttles", stat: "Sum"}, period: 5 * time.Minute, last: 3, bad: 2,
		}, {
			name: "gateway", section: "gateway", says: "More than one in a hundred requests is answered with 5xx.",
			measure: measure{ofGateways, "5XXError", "ApiName", apiName, "Average"}, period: 5 * time.Minute, last: 3, bad: 2, above: 0.01,
		}, {
			name: "dollars", section: "dollars", says: fmt.Sprintf("Functions have cost more than $%v within an hour.", set.dollarsPerHour),
			measure: ours(metric.Dollars, "Sum"), period: time.Hour, last: 1, bad: 1, above: set.dollarsPerHour,
		},
	}
	for _, q := range queues() {
		all = append(all, alarm{
			name: "late-" + q.name, section: "late", says: fmt.Sprintf("Messages wait for %s longer than the %v that are promised, for a quarter of an hour.", q.service, q.promise),
			measure: measure{ofQueues, "ApproximateAgeOfOldestMessage", "QueueName", q.full, "Maximum"}, period: 5 * time.Minute, last: 3, bad: 3, above: q.promise.Seconds(),
		})
	}
	for _, s := range services.Map {
		if s.Every > 0 {
			all = append(all, alarm{
				name: "silent-" + s.Name, section: "silent", says: fmt.Sprintf("%s, which the clock calls every %v, is not called.", s.Name, s.Every), silence: poor,
				measure: measure{ofFunctions, "Invocations", "FunctionName", prefix + s.Name, "Sum"}, period: 5 * time.Minute, last: 2, bad: 2, below: 1,
			})
		}
	}
	return all
}

// watched is a queue as alarms and dashboard name it.
type watched struct {
	name    string // without the prefix
	full    string // as AWS has it
	service string
	promise time.Duration
}

// queues returns the queues of all inboxes.
func queues() (all []watched) {
	for _, q := range services.Queues() {
		w := watched{name: q.Name, full: prefix + q.Name, service: q.Service, promise: q.Lane.Promise}
		if q.Inbox.FIFO {
			w.full += ".fifo"
		}
		all = append(all, w)
	}
	return all
}

// newAlarms makes the alarms, and the topic that they tell.
func newAlarms(scope constructs.Construct, set settings) awssns.Topic {
	scope = constructs.NewConstruct(scope, jsii.String("Alarms"))
	topic := newAlarmTopic(scope, set)
	for _, a := range alarms(set) {
		props := &awscloudwatch.CfnAlarmProps{
			AlarmName:          jsii.String(prefix + a.name),
			AlarmDescription:   jsii.String(a.says + " What to do: docs/runbook.md#" + a.section),
			Namespace:          jsii.String(a.namespace),
			MetricName:         jsii.String(a.measure.name),
			Statistic:          jsii.String(a.stat),
			Period:             jsii.Number(a.period.Seconds()),
			EvaluationPeriods:  number(a.last),
			DatapointsToAlarm:  number(a.bad),
			Threshold:          jsii.Number(a.above),
			ComparisonOperator: jsii.String("GreaterThanThreshold"),
			TreatMissingData:   jsii.String(good),
			AlarmActions:       &[]any{topic.TopicArn()},
			OkActions:          &[]any{topic.TopicArn()},
		}
		if a.by != "" {
			props.Dimensions = &[]*awscloudwatch.CfnAlarm_DimensionProperty{{Name: jsii.String(a.by), Value: jsii.String(a.of)}}
		}
		if a.below > 0 {
			props.Threshold, props.ComparisonOperator = jsii.Number(a.below), jsii.String("LessThanThreshold")
		}
		if a.silence != "" {
			props.TreatMissingData = jsii.String(a.silence)
		}
		awscloudwatch.NewCfnAlarm(scope, jsii.String(title(a.name)), props)
	}
	return topic
}

// newAlarmTopic makes the topic that alarms tell, those of this stack only, and over TLS.
func newAlarmTopic(scope constructs.Construct, set settings) awssns.Topic {
	topic := awssns.NewTopic(scope, jsii.String("Topic"), &awssns.TopicProps{
		TopicName:  jsii.String(prefix + "alarms"),
		EnforceSSL: jsii.Bool(true),
	})
	stack := awscdk.Stack_Of(scope)
	tell := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()},
			"ArnLike":      map[string]any{"aws:SourceArn": "arn:" + *stack.Partition() + ":cloudwatch:" + *stack.Region() + ":" + *stack.Account() + ":alarm:" + prefix + "*"},
		},
	})
	topic.AddToResourcePolicy(tell)
	if set.alarmEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(set.alarmEmail), nil))
	}
	return topic
}
