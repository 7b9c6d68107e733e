package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// failedInvocationPattern matches the log line with which Lambda reports an invocation that did not succeed
// (https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report). Lambda writes it at
// its level INFO when the log format is JSON.
const failedInvocationPattern = `{ $.type = "platform.report" && $.record.status != "success" }`

// countErrors makes a metric filter that counts the errors of a function in one metric for all functions. An alarm that
// reads one metric is cheaper than one for each function, and AWS's own metric of errors is of one function or of the
// whole account. The metric has no values while there are no errors.
//
// The authorizer is left out: API Gateway requires it to fail for each invalid token. If it fails otherwise, the
// gateway answers with 5xx, which has an alarm of its own.
func countErrors(scope constructs.Construct, s services.Service, log awslogs.LogGroup, set settings) {
	if s.Name == services.Authorizer {
		return
	}
	awslogs.NewCfnMetricFilter(scope, jsii.String("Errors"), &awslogs.CfnMetricFilterProps{
		LogGroupName:  log.LogGroupName(),
		FilterPattern: jsii.String(failedInvocationPattern),
		MetricTransformations: &[]*awslogs.CfnMetricFilter_MetricTransformationProperty{{
			MetricNamespace: jsii.String(set.buildMetricNamespace()),
			MetricName:      jsii.String(metric.Errors.Name),
			MetricValue:     jsii.String("1"),
			Unit:            jsii.String(metric.Errors.Unit),
		}},
	})
}
