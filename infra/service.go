package main

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

const defaultDiskMiB = 512 // of /tmp, Lambda's default

// serviceDeps are the resources and settings from which each service gets what the service map says.
type serviceDeps struct {
	settings
	data          *data
	cdn           *cdn                     // nil: none
	serviceQueues map[string]*serviceQueue // by the queue's name
	layers        map[string]awslambda.ILayerVersion
	envValues     map[string]envValue // by the variable's name
}

// newService makes the function of a service with its log group, its role and the event source mappings of its queues.
// It reserves no concurrency: that would throttle deliveries, and each throttled delivery counts as an attempt.
func newService(scope constructs.Construct, s services.Service, deps serviceDeps) awslambda.Function {
	c := constructs.NewConstruct(scope, jsii.String(services.PascalCase(s.Name)))
	log := newLogGroup(c, s.Name, deps.settings)
	props := &awslambda.FunctionProps{
		FunctionName:         jsii.String(deps.buildName(s.Name)),
		Runtime:              awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:         lambdaArchitecture(deps.settings),
		Handler:              jsii.String("bootstrap"),
		Code:                 awslambda.Code_FromAsset(jsii.String(deps.functionDir(s.Name)), nil),
		MemorySize:           jsiiNumber(s.Memory),
		EphemeralStorageSize: awscdk.Size_Mebibytes(jsiiNumber(max(s.Disk, defaultDiskMiB))),
		Timeout:              cdkDuration(s.Timeout),
		Tracing:              awslambda.Tracing_ACTIVE,
		LogGroup:             log,
		LoggingFormat:        awslambda.LoggingFormat_JSON,
		Role:                 newRole(c, newPolicyDocument(s, log, deps)),
		Environment:          buildEnvironment(s, deps),
		RecursiveLoop:        awslambda.RecursiveLoop_TERMINATE,
	}
	if deps.local {
		// There is no X-Ray, and a trace id that the emulator makes up for each invocation would replace the message's.
		props.Tracing = awslambda.Tracing_DISABLED
	}
	// Lambda ends a chain of requests that has called a function 16 times. Where each finished task requests the next
	// one of its tenant, a chain is as long as there are tasks:
	// https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
	if s.AllowsRecursion() {
		props.RecursiveLoop = awslambda.RecursiveLoop_ALLOW
	}
	if layer := deps.layers[s.Layer]; layer != nil {
		props.Layers = &[]awslambda.ILayerVersion{layer}
	}
	f := awslambda.NewFunction(c, jsii.String("Function"), props)
	if !deps.local {
		countErrors(c, s, log, deps.settings)
	}
	for i, q := range s.Queues() {
		in := deps.serviceQueues[q.Name]
		if in.addEventSourceMapping(f, q, deps.settings); i == 0 {
			in.subscribeToTopic(deps.data.topic, s.Inbox.SubscribedTypes())
		}
	}
	if s.Interval > 0 {
		scheduleFunction(c, f, s, deps.settings)
	}
	return f
}

// scheduleFunction makes EventBridge call a function at the service's interval. Lambda doesn't retry a call that failed
// and drops one that waited for an interval, because the next call comes soon. By default it would retry twice and keep
// throttled calls for six hours, to make all of them at once then
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
func scheduleFunction(scope constructs.Construct, f awslambda.Function, s services.Service, set settings) {
	if !set.local {
		f.ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{
			RetryAttempts: jsiiNumber(0), MaxEventAge: cdkDuration(max(s.Interval, time.Minute)),
		})
	}
	awsevents.NewRule(scope, jsii.String("Clock"), &awsevents.RuleProps{
		RuleName: jsii.String(set.buildName(s.Name)),
		Schedule: awsevents.Schedule_Rate(cdkDuration(s.Interval)),
		Targets: &[]awsevents.IRuleTarget{awseventstargets.NewLambdaFunction(f,
			&awseventstargets.LambdaFunctionProps{RetryAttempts: jsiiNumber(0)})},
	})
}

// newLogGroup makes a log group that keeps its lines for a month. It is deleted with the stack.
func newLogGroup(scope constructs.Construct, of string, set settings) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, jsii.String("Log"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String(set.buildLogGroupName(of)),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

// newRole makes a role with the permissions of a policy document and no others: the CDK can't add to it.
func newRole(scope constructs.Construct, may awsiam.PolicyDocument) awsiam.IRole {
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy:      awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"rights": may},
	})
	suppressNagRule(
		role, "IAM5",
		"X-Ray knows no resource to narrow a right to; in a bucket, the keys below a prefix are what the "+
			"map grants; in a producer's bucket, which keys is a matter of its owner's policy and of each source.",
		"Resource::*", matchFinding(`/^Resource::<Data(Source|Media)[0-9A-F]{8}\.Arn>\/[ctv]\/\*(\/index\/\*)?$/`),
		matchFinding(`/^Resource::arn:<AWS::Partition>:s3:::[a-z0-9.-]+\/\*$/`),
	)
	return role.WithoutPolicyUpdates(nil)
}

func lambdaArchitecture(set settings) awslambda.Architecture {
	if set.arch == "amd64" {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}
