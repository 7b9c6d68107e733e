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

const defaultDiskMiB = 512 // MiB of /tmp that Lambda gives without being asked

// serviceDeps is what a service may be given: it gets of it what the map says.
type serviceDeps struct {
	settings
	data          *data
	cdn           *cdn                     // nil: none
	serviceQueues map[string]*serviceQueue // by the queue's name
	layers        map[string]awslambda.ILayerVersion
	envValues     map[string]envValue // by the variable's name
}

// newService makes a service's function, with its log, its role and, if it has an inbox, what feeds it from there.
// Concurrency is not reserved: it would throttle deliveries, each of which counts as an attempt.
func newService(scope constructs.Construct, s services.Service, deps serviceDeps) awslambda.Function {
	c := constructs.NewConstruct(scope, jsii.String(toConstructID(s.Name)))
	log := newLogGroup(c, s.Name)
	props := &awslambda.FunctionProps{
		FunctionName:         jsii.String(namePrefix + s.Name),
		Runtime:              awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:         lambdaArchitecture(deps.settings),
		Handler:              jsii.String("bootstrap"),
		Code:                 awslambda.Code_FromAsset(jsii.String(deps.functionDir(s.Name)), nil),
		MemorySize:           jsiiNumber(s.Memory),
		EphemeralStorageSize: awscdk.Size_Mebibytes(jsiiNumber(max(s.Disk, defaultDiskMiB))),
		Timeout:              cdkDuration(s.Timeout),
		Tracing:              tracingMode(deps.settings),
		LogGroup:             log,
		LoggingFormat:        awslambda.LoggingFormat_JSON,
		Role:                 newRole(c, newPolicyDocument(s, log, deps)),
		Environment:          buildEnvironment(s, deps),
		RecursiveLoop:        recursiveLoopMode(s),
	}
	if layer := deps.layers[s.Layer]; layer != nil {
		props.Layers = &[]awslambda.ILayerVersion{layer}
	}
	f := awslambda.NewFunction(c, jsii.String("Function"), props)
	if !deps.local {
		countErrors(c, s, log)
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

// scheduleFunction has a function called by the clock. A call that fails is not repeated, and one that waited as long as the clock
// does is dropped: the next one comes soon. Lambda would repeat it twice, and where invocations are throttled keep it for
// six hours, to make all of them at once then
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
func scheduleFunction(scope constructs.Construct, f awslambda.Function, s services.Service, set settings) {
	if !set.local {
		f.ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{RetryAttempts: jsiiNumber(0), MaxEventAge: cdkDuration(max(s.Interval, time.Minute))})
	}
	awsevents.NewRule(scope, jsii.String("Clock"), &awsevents.RuleProps{
		RuleName: jsii.String(namePrefix + s.Name),
		Schedule: awsevents.Schedule_Rate(cdkDuration(s.Interval)),
		Targets:  &[]awsevents.IRuleTarget{awseventstargets.NewLambdaFunction(f, &awseventstargets.LambdaFunctionProps{RetryAttempts: jsiiNumber(0)})},
	})
}

// newLogGroup makes a log group. It goes with the stack: what it holds is forgotten after a month anyway.
func newLogGroup(scope constructs.Construct, name string) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, jsii.String("Log"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String(logGroupName(name)),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

func logGroupName(of string) string { return "/sluice/" + of }

// newRole makes a role with these rights and no others: what the CDK would add to it is left out.
func newRole(scope constructs.Construct, may awsiam.PolicyDocument) awsiam.IRole {
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy:      awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{"rights": may},
	})
	suppressNagRule(role, "IAM5", "X-Ray knows no resource to narrow a right to; in a bucket, the keys below a prefix are what the "+
		"map grants; in a producer's bucket, which keys is a matter of its owner's policy and of each source.", "Resource::*",
		matchFinding(`/^Resource::<Data(Source|Media)[0-9A-F]{8}\.Arn>\/[tv]\/\*$/`), matchFinding(`/^Resource::arn:<AWS::Partition>:s3:::[a-z0-9.-]+\/\*$/`))
	return role.WithoutPolicyUpdates(nil)
}

// tracingMode returns Active on AWS. A local cloud has no X-Ray, and the trace id it would make up for each invocation
// would hide the one that came with the message.
func tracingMode(set settings) awslambda.Tracing {
	if set.local {
		return awslambda.Tracing_DISABLED
	}
	return awslambda.Tracing_ACTIVE
}

// recursiveLoopMode returns what Lambda does about a chain of requests that has called a function 16 times: it ends it, but where
// a window is kept and each task that is finished has the next one asked for. Such a chain is as long as there are tasks,
// and ends with them (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
func recursiveLoopMode(s services.Service) awslambda.RecursiveLoop {
	if s.AllowsRecursion() {
		return awslambda.RecursiveLoop_ALLOW
	}
	return awslambda.RecursiveLoop_TERMINATE
}

func lambdaArchitecture(set settings) awslambda.Architecture {
	if set.arch == "amd64" {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}
