package main

import (
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"

	"sluice/shared/domain/metric"
)

// namePattern matches the setting name. It has no hyphen, so that no two settings make the same name of a resource, and
// at most ten characters, because the name of an X-Ray sampling rule has at most 32
// (https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html).
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]{0,9}$`)

// buildStackName returns the name of the stack, Sluice or Sluice-<name>. CloudFormation begins the names that it makes
// up with it.
func (s settings) buildStackName() string {
	if s.name == "" {
		return "Sluice"
	}
	return "Sluice-" + s.name
}

// buildAPIName returns the name of the API, sluice or sluice-<name>. The names of all other resources begin with it.
func (s settings) buildAPIName() string {
	if s.name == "" {
		return "sluice"
	}
	return "sluice-" + s.name
}

// buildName returns the name of a resource: sluice-<part> or sluice-<name>-<part>.
func (s settings) buildName(part string) string { return s.buildAPIName() + "-" + part }

// buildLogGroupName returns the name of the log group of a service, or of the API's access log.
func (s settings) buildLogGroupName(of string) string { return "/" + s.buildAPIName() + "/" + of }

// buildMetricNamespace returns the CloudWatch namespace of the deployment's metrics.
func (s settings) buildMetricNamespace() string {
	if s.name == "" {
		return metric.Namespace
	}
	return metric.Namespace + "-" + s.name
}

// buildGlobalName returns the name of a resource whose name must differ from those of all regions of the account, as
// CloudFront's must.
func (s settings) buildGlobalName(scope constructs.Construct, part string) string {
	return s.buildName(*awscdk.Stack_Of(scope).Region() + "-" + part)
}
