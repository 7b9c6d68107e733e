package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// failedInvocationPattern matches the line with which Lambda ends an invocation, unless that came to its end
// (https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report). Lambda writes it as it
// is the format of the log that is JSON, at its level INFO.
const failedInvocationPattern = `{ $.type = "platform.report" && $.record.status != "success" }`

// countErrors has the errors of all functions counted as one metric, which an alarm reads for what one costs: AWS's own
// is one for each function, or one for all of the account. It says nothing while there are none.
//
// The authorizer ends in an error for each token that is none, as API Gateway wants it; for what else may befall it, the
// gateway answers with 5xx, which has an alarm of its own.
func countErrors(scope constructs.Construct, s services.Service, log awslogs.LogGroup) {
	if s.Name == services.Authorizer {
		return
	}
	awslogs.NewCfnMetricFilter(scope, jsii.String("Errors"), &awslogs.CfnMetricFilterProps{
		LogGroupName:  log.LogGroupName(),
		FilterPattern: jsii.String(failedInvocationPattern),
		MetricTransformations: &[]*awslogs.CfnMetricFilter_MetricTransformationProperty{{
			MetricNamespace: jsii.String(metric.Namespace),
			MetricName:      jsii.String(metric.Errors.Name),
			MetricValue:     jsii.String("1"),
			Unit:            jsii.String(metric.Errors.Unit),
		}},
	})
}
