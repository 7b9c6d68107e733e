package main

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// metricStat is one CloudWatch metric and the statistic that combines its values.
type metricStat struct {
	namespace, name           string
	dimension, dimensionValue string // the name and the value of its dimension; "": none
	stat                      string
}

// Namespaces of AWS's own metrics, which cost nothing.
const (
	sqsNamespace        = "AWS/SQS"
	lambdaNamespace     = "AWS/Lambda"
	apiGatewayNamespace = "AWS/ApiGateway"
)

// newMetricStat returns one of Sluice's own metrics with a statistic.
func (s settings) newMetricStat(m metric.Metric, stat string) metricStat {
	return metricStat{namespace: s.buildMetricNamespace(), name: m.Name, stat: stat}
}

// alarm is a CloudWatch alarm. Each reads one metric, because an alarm costs as much as the metrics that it reads.
type alarm struct {
	name           string // after the prefix
	runbookSection string // of docs/runbook.md
	condition      string // what the alarm reports, in a sentence
	metricStat
	period            time.Duration
	evaluationPeriods int     // how many of the last periods are evaluated
	datapointsToAlarm int     // how many of these must be beyond the threshold
	above             float64 // the threshold: a value above it is bad,
	below             float64 // or, if this is set, a value below it
	// whether having no value is what the alarm reports. It then fires when it changes to the state INSUFFICIENT_DATA.
	// A new alarm begins in that state and only a change notifies, so a first deployment is silent until the metric has
	// had a value. Without it a period without a value counts as notBreaching: there are none while nobody uses Sluice.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
	onSilence bool
}

// What CloudWatch does with a period without a value.
const (
	notBreaching = "notBreaching"
	missing      = "missing" // INSUFFICIENT_DATA if no period in the evaluation range has one
)

// listAlarms returns all alarms of a deployment.
func listAlarms(set settings) []alarm {
	all := []alarm{
		{
			name: "dead-letters", runbookSection: "dead-letters",
			condition:  "There are dead letters that nobody has decided about.",
			metricStat: set.newMetricStat(metric.DeadLetters, "Maximum"), period: 5 * time.Minute, evaluationPeriods: 1,
			datapointsToAlarm: 1,
		}, {
			name: "late", runbookSection: "late",
			condition:  "For a quarter of an hour, messages of a queue have waited longer than its MaxWait.",
			metricStat: set.newMetricStat(metric.Late, "Maximum"), period: 5 * time.Minute, evaluationPeriods: 3,
			datapointsToAlarm: 3, above: 1,
		}, {
			name: "stuck", runbookSection: "stuck",
			condition:  "Videos are overdue, and reminding the service that they wait for does not help.",
			metricStat: set.newMetricStat(metric.Stuck, "Maximum"), period: 5 * time.Minute, evaluationPeriods: 1,
			datapointsToAlarm: 1,
		}, {
			name: "errors", runbookSection: "errors",
			condition:  "Functions crash, run into their timeout or end in an error.",
			metricStat: set.newMetricStat(metric.Errors, "Sum"), period: 15 * time.Minute, evaluationPeriods: 1,
			datapointsToAlarm: 1, above: 4,
		}, {
			name: "throttles", runbookSection: "throttles",
			condition:  "Lambda turns invocations away: the account's concurrency is used up, by Sluice or by others.",
			metricStat: metricStat{namespace: lambdaNamespace, name: "Throttles", stat: "Sum"}, period: 5 * time.Minute,
			evaluationPeriods: 3, datapointsToAlarm: 2,
		}, {
			name: "gateway", runbookSection: "gateway",
			condition:  "More than one in a hundred requests is answered with 5xx.",
			metricStat: metricStat{apiGatewayNamespace, "5XXError", "ApiName", set.buildAPIName(), "Average"},
			period:     5 * time.Minute, evaluationPeriods: 3, datapointsToAlarm: 2, above: 0.01,
		}, {
			name: "dollars", runbookSection: "dollars",
			condition:  fmt.Sprintf("Functions have cost more than $%v within an hour.", set.dollarsPerHour),
			metricStat: set.newMetricStat(metric.Dollars, "Sum"), period: time.Hour, evaluationPeriods: 1,
			datapointsToAlarm: 1, above: set.dollarsPerHour,
		},
	}
	for _, s := range services.Map {
		if s.Interval > 0 {
			all = append(all, alarm{
				name: "silent-" + s.Name, runbookSection: "silent",
				condition:  fmt.Sprintf("%s, which the clock calls every %v, is not called.", s.Name, s.Interval),
				metricStat: metricStat{lambdaNamespace, "Invocations", "FunctionName", set.buildName(s.Name), "Sum"},
				period:     s.Interval, evaluationPeriods: 10, datapointsToAlarm: 10, below: 1, onSilence: true,
			})
		}
	}
	return all
}

// monitoredQueue is a queue as alarms and the dashboard refer to it.
type monitoredQueue struct {
	name     string // without the prefix
	fullName string // with the prefix and .fifo, as in AWS
	service  string
	maxWait  time.Duration
}

// listMonitoredQueues returns the queues of all inboxes.
func (s settings) listMonitoredQueues() (all []monitoredQueue) {
	for _, q := range services.ListQueues() {
		w := monitoredQueue{name: q.Name, fullName: s.buildName(q.Name), service: q.Service, maxWait: q.Lane.MaxWait}
		if q.Inbox.FIFO {
			w.fullName += ".fifo"
		}
		all = append(all, w)
	}
	return all
}

// newAlarms makes the alarms and returns the topic that they notify.
func newAlarms(scope constructs.Construct, set settings) awssns.Topic {
	scope = constructs.NewConstruct(scope, jsii.String("Alarms"))
	topic := newAlarmTopic(scope, set)
	for _, a := range listAlarms(set) {
		props := &awscloudwatch.CfnAlarmProps{
			AlarmName:          jsii.String(set.buildName(a.name)),
			AlarmDescription:   jsii.String(a.condition + " What to do: docs/runbook.md#" + a.runbookSection),
			Namespace:          jsii.String(a.namespace),
			MetricName:         jsii.String(a.metricStat.name),
			Statistic:          jsii.String(a.stat),
			Period:             jsii.Number(a.period.Seconds()),
			EvaluationPeriods:  jsiiNumber(a.evaluationPeriods),
			DatapointsToAlarm:  jsiiNumber(a.datapointsToAlarm),
			Threshold:          jsii.Number(a.above),
			ComparisonOperator: jsii.String("GreaterThanThreshold"),
			TreatMissingData:   jsii.String(notBreaching),
			AlarmActions:       &[]any{topic.TopicArn()},
			OkActions:          &[]any{topic.TopicArn()},
		}
		if a.dimension != "" {
			props.Dimensions = &[]*awscloudwatch.CfnAlarm_DimensionProperty{{
				Name: jsii.String(a.dimension), Value: jsii.String(a.dimensionValue),
			}}
		}
		if a.below > 0 {
			props.Threshold, props.ComparisonOperator = jsii.Number(a.below), jsii.String("LessThanThreshold")
		}
		if a.onSilence {
			props.TreatMissingData, props.InsufficientDataActions = jsii.String(missing), props.AlarmActions
		}
		awscloudwatch.NewCfnAlarm(scope, jsii.String(services.PascalCase(a.name)), props)
	}
	return topic
}

// newAlarmTopic makes the topic that alarms notify. It accepts messages from the alarms of this stack only, over TLS.
func newAlarmTopic(scope constructs.Construct, set settings) awssns.Topic {
	topic := awssns.NewTopic(scope, jsii.String("Topic"), &awssns.TopicProps{
		TopicName:  jsii.String(set.buildName("alarms")),
		EnforceSSL: jsii.Bool(true),
	})
	stack := awscdk.Stack_Of(scope)
	ours := "cloudwatch:" + *stack.Region() + ":" + *stack.Account() + ":alarm:" + set.buildName("*")
	topic.AddToResourcePolicy(allowAWSService(stack, "cloudwatch.amazonaws.com", ours, "sns:Publish", topic.TopicArn()))
	if set.alarmEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(set.alarmEmail), nil))
	}
	return topic
}
