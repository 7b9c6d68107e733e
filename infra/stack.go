package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/events"
	"sluice/shared/domain/services"
)

// newStack makes all of Sluice. Its outputs are ApiUrl (without a slash at its end), ApiId, TableName, SourceBucket,
// MediaBucket, TopicArn, AlarmTopic (an ARN) and, for each inbox, the URLs of its queues and of its dead-letter queue:
// InboxEncode, InboxEncodeBulk, DeadEncode and so on. On AWS there is also PlaybackKey, an ARN; with a CDN there are
// CdnUrl and, for infra/cdn/key.sh, the ARN CdnStore; and with the setting api_domain there is ApiDomainTarget, the
// name to point that domain to.
func newStack(scope constructs.Construct, set settings) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String(set.buildStackName()), &awscdk.StackProps{
		StackName:   jsii.String(set.buildStackName()),
		Description: jsii.String("Sluice: a serverless video platform"),
	})
	// Queues come before functions because services send to each other.
	inboxes := map[string]*serviceQueue{}
	for _, s := range services.Map {
		for i, in := range newServiceQueues(stack, s, set) {
			inboxes[s.Queues()[i].Name] = in
		}
	}
	for _, p := range set.producerPrincipals {
		inboxes[services.FindDestination(string(events.UploadRequested))].allowSender(p)
	}
	store := newData(stack, set, inboxes[services.FindDestination(string(events.ObjectCreated))])
	edge := newCDN(stack, set, store.media)
	deps := serviceDeps{settings: set, data: store, cdn: edge, serviceQueues: inboxes, layers: newLayers(stack, set)}
	deps.envValues = newEnvValues(deps)
	functions := map[string]awslambda.IFunction{}
	for _, s := range servicesWithQueuesFirst() {
		functions[s.Name] = newService(stack, s, deps)
	}
	front := newGateway(stack, set, functions)
	store.allowStudioOrigin(front.studioOrigin(set), set)
	newSampling(stack, set)
	alarms := newAlarms(stack, set)
	if set.monthlyBudget > 0 {
		newBudget(stack, set, alarms)
	}
	if set.dashboard {
		newDashboard(stack, set)
	}
	addOutputs(stack, front.baseURL(set), front, alarms, deps)
	return stack
}

func addOutputs(stack awscdk.Stack, url string, front *gateway, alarms awssns.Topic, deps serviceDeps) {
	out := func(name string, value *string) {
		awscdk.NewCfnOutput(stack, jsii.String(name), &awscdk.CfnOutputProps{Value: value})
	}
	out("ApiUrl", jsii.String(url))
	out("ApiId", front.api.RestApiId())
	out("TableName", deps.data.table.TableName())
	out("SourceBucket", deps.data.source.BucketName())
	out("MediaBucket", deps.data.media.BucketName())
	out("TopicArn", deps.data.topic.TopicArn())
	for _, s := range services.Map {
		for i, q := range s.Queues() {
			in := deps.serviceQueues[q.Name]
			if out("Inbox"+services.PascalCase(q.Name), in.queue.QueueUrl()); i == 0 {
				out("Dead"+services.PascalCase(s.Name), in.deadLetters.QueueUrl())
			}
		}
	}
	out("AlarmTopic", alarms.TopicArn())
	if !deps.local {
		out("PlaybackKey", deps.data.playbackKey.SecretArn())
	}
	if deps.cdn != nil {
		out("CdnUrl", jsii.String(deps.cdn.baseURL()))
		out("CdnStore", deps.cdn.keyValueStore.KeyValueStoreArn())
	}
}

// newLayers makes the layers of the service map, by name. A local cloud has no layers: functions find the tools in the
// folder of the setting ffmpeg_dir.
func newLayers(stack awscdk.Stack, set settings) map[string]awslambda.ILayerVersion {
	layers := map[string]awslambda.ILayerVersion{}
	for _, s := range services.Map {
		if s.Layer == "" || set.local || layers[s.Layer] != nil {
			continue
		}
		layers[s.Layer] = awslambda.NewLayerVersion(
			stack, jsii.String(services.PascalCase(s.Layer)+"Layer"), &awslambda.LayerVersionProps{
				Code:                    awslambda.Code_FromAsset(jsii.String(set.layerDir()), nil),
				CompatibleArchitectures: &[]awslambda.Architecture{lambdaArchitecture(set)},
				Description:             jsii.String(s.Layer + " and ffprobe, in bin"),
			},
		)
	}
	return layers
}

// servicesWithQueuesFirst returns the services of the map, those with an inbox first: their event source mappings have
// to exist before the services that may change them.
func servicesWithQueuesFirst() []services.Service {
	all := slices.Clone(services.Map)
	slices.SortStableFunc(all, func(a, b services.Service) int { return len(b.Queues()) - len(a.Queues()) })
	return all
}
