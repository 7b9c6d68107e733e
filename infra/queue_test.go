package main

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

func TestQueuesMatchTheServiceMap(t *testing.T) {
	t.Parallel()
	queues := awsTemplate().resourcesOfType("SQS::Queue")
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			every, ending := map[string]any{"SqsManagedSseEnabled": true}, ""
			if s.Inbox.FIFO {
				ending = ".fifo"
				maps.Copy(every, map[string]any{
					"FifoQueue": true, "ContentBasedDeduplication": false,
					"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId",
				})
			}
			dead := maps.Clone(every)
			dead["QueueName"] = "sluice-" + s.Name + "-dead" + ending
			dead["MessageRetentionPeriod"] = 14 * 24 * 3600.0
			if d := cmp.Diff(dead, queues[services.PascalCase(s.Name)+"InboxDead"].Properties); d != "" {
				t.Errorf("dead letters (-want +got):\n%s", d)
			}
			for _, q := range s.Queues() {
				queue := maps.Clone(every)
				queue["QueueName"] = "sluice-" + q.Name + ending
				queue["VisibilityTimeout"] = 6 * s.Timeout.Seconds()
				queue["MaximumMessageSize"] = 262144.0
				queue["MessageRetentionPeriod"] = 4 * 24 * 3600.0
				got := maps.Clone(queues[services.PascalCase(q.Name)+"InboxQueue"].Properties)
				redrive := got["RedrivePolicy"].(map[string]any)
				delete(got, "RedrivePolicy")
				if d := cmp.Diff(queue, got); d != "" {
					t.Errorf("queue %s (-want +got):\n%s", q.Name, d)
				}
				to, times := renderValue(redrive["deadLetterTargetArn"]), redrive["maxReceiveCount"]
				if to != services.PascalCase(s.Name)+"InboxDead" || times != float64(s.Inbox.MaxAttempts+1) {
					t.Errorf("after %v deliveries a message of %s goes to %s", times, q.Name, to)
				}
			}
		})
	}
}

func TestStackHasNoOtherQueues(t *testing.T) {
	t.Parallel()
	want := len(services.ListQueues())
	for _, s := range services.Map {
		if s.Inbox != nil {
			want++
		}
	}
	if got := len(awsTemplate().resourcesOfType("SQS::Queue")); got != want {
		t.Errorf("%d queues, not %d", got, want)
	}
}

func TestEventSourceMappingsMatchTheServiceMap(t *testing.T) {
	t.Parallel()
	mappings := awsTemplate().resourcesOfType("Lambda::EventSourceMapping")
	for _, q := range services.ListQueues() {
		got := maps.Clone(mappings[services.PascalCase(q.Name)+"InboxFeed"].Properties)
		for _, end := range []string{"EventSourceArn", "FunctionName"} {
			got[end] = renderValue(got[end])
		}
		want := map[string]any{
			"EventSourceArn": services.PascalCase(q.Name) + "InboxQueue",
			"FunctionName":   services.PascalCase(q.Service) + "Function",
			"BatchSize":      float64(q.Inbox.BatchSize), "FunctionResponseTypes": []any{"ReportBatchItemFailures"},
			"ScalingConfig": map[string]any{"MaximumConcurrency": 2.0}, // services.MinWorkers, the default
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", q.Name, d)
		}
	}
}

// The test is not parallel: the CDK is not safe for concurrent use.
func TestProvisionedPollersReplaceMaximumConcurrency(t *testing.T) {
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})
	stack := awscdk.NewStack(app, jsii.String("Polling"), nil)
	s, _ := services.Lookup("encode")
	f := awslambda.NewFunction(stack, jsii.String("Function"), &awslambda.FunctionProps{
		Runtime: awslambda.Runtime_PROVIDED_AL2023(), Handler: jsii.String("h"),
		Code: awslambda.Code_FromBucket(
			awss3.Bucket_FromBucketName(stack, jsii.String("Code"), jsii.String("code")), jsii.String("k"), nil,
		),
	})
	set := settings{concurrency: 100, provisioned: scaling.ProvisionedQueues{"encode-bulk"}}
	for i, in := range newServiceQueues(stack, s, set) {
		in.addEventSourceMapping(f, s.Queues()[i], set)
	}
	made := assertions.Template_FromStack(stack, nil)
	for _, want := range []map[string]any{
		{
			"ScalingConfig":           map[string]any{"MaximumConcurrency": 30.0},
			"ProvisionedPollerConfig": assertions.Match_Absent(),
		},
		{
			"ProvisionedPollerConfig": map[string]any{"MinimumPollers": 2.0, "MaximumPollers": 4.0},
			"ScalingConfig":           assertions.Match_Absent(),
		},
	} {
		made.HasResourceProperties(jsii.String("AWS::Lambda::EventSourceMapping"), want)
	}
}

func TestProducersMaySendToTheRequestQueueOnly(t *testing.T) {
	t.Parallel()
	policies := awsTemplate().resourcesOfType("SQS::QueuePolicy")
	if _, ok := policies["ApiInboxQueuePolicy"]; !ok {
		t.Fatal("the inbox of api has no policy")
	}
	for id, policy := range policies {
		var who []string
		for _, s := range toList(policy.property("PolicyDocument", "Statement")) {
			s := resource{Properties: s.(map[string]any)}
			if p := renderValue(s.property("Principal", "AWS")); s.property("Effect") == "Allow" && p != "" &&
				p != "<nil>" {
				who = append(who, renderValue(s.property("Action"))+" "+p)
			}
		}
		if id == "ApiInboxQueuePolicy" {
			if len(who) != 1 || !strings.HasPrefix(who[0], "sqs:SendMessage") ||
				!strings.Contains(who[0], "210987654321") {
				t.Errorf("%s allows %v", id, who)
			}
		} else if who != nil {
			t.Errorf("%s allows %v", id, who)
		}
	}
}

// The test is not parallel: the CDK is not safe for concurrent use.
func TestQueueSubscribesToItsFactsOnly(t *testing.T) {
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})
	stack := awscdk.NewStack(app, jsii.String("Subscribing"), nil)
	takes := &services.Inbox{EventTypes: []string{"video.ready.v1", "sweep.done.v1"}, MaxAttempts: 5}
	in := newServiceQueues(stack, services.Service{Name: "watch", Inbox: takes, Timeout: time.Second}, settings{})[0]
	topic := awssns.NewTopic(stack, jsii.String("Facts"), nil)
	in.subscribeToTopic(topic, nil)
	in.subscribeToTopic(topic, takes.SubscribedTypes())
	made := assertions.Template_FromStack(stack, nil)
	made.ResourceCountIs(jsii.String("AWS::SNS::Subscription"), jsiiNumber(1))
	made.HasResourceProperties(jsii.String("AWS::SNS::Subscription"), map[string]any{
		"Protocol": "sqs", "RawMessageDelivery": true, "FilterPolicy": map[string]any{"type": []any{"video.ready.v1"}},
		"RedrivePolicy": map[string]any{"deadLetterTargetArn": assertions.Match_AnyValue()},
	})
}
