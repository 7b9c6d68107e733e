package main

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/events"
	"sluice/shared/domain/services"
)

// stackName begins the names that CloudFormation makes up. Names of ours begin with prefix: they are the same in every
// deployment, so an account holds one Sluice a region.
const (
	stackName = "Sluice"
	prefix    = "sluice-"
)

// newStack makes all of Sluice. Its outputs: ApiUrl (no slash at the end), ApiId, TableName, SourceBucket, MediaBucket,
// TopicArn, AlarmTopic (its ARN) and, for each inbox, the URLs of its queues and its dead letters: InboxEncode,
// InboxEncodeBulk, DeadEncode and so on. On AWS also CdnUrl, and for infra/cdn/key.sh the ARNs CdnStore and PlaybackKey.
func newStack(scope constructs.Construct, set settings) awscdk.Stack {
	stack := awscdk.NewStack(scope, jsii.String(stackName), &awscdk.StackProps{
		StackName:   jsii.String(stackName),
		Description: jsii.String("Sluice: a serverless video platform"),
	})
	// Queues first, then data, then functions: services send to each other, so no service can come before all queues.
	inboxes := map[string]*inbox{}
	for _, s := range services.Map {
		for i, in := range newInboxes(stack, s) {
			inboxes[s.Queues()[i].Name] = in
		}
	}
	for _, p := range set.producers {
		inboxes[services.To(string(events.UploadRequested))].admit(p)
	}
	store := newData(stack, set, inboxes[services.To(string(events.ObjectCreated))])
	edge := newCDN(stack, set, store.media)
	around := surroundings{settings: set, data: store, cdn: edge, inboxes: inboxes, layers: newLayers(stack, set)}
	functions := map[string]awslambda.IFunction{}
	for _, s := range feedsFirst() {
		functions[s.Name] = newService(stack, s, around)
	}
	front := newGateway(stack, set, functions)
	store.welcome(front.origin(set), set)
	newSampling(stack, set)
	outputs(stack, set, front, store, inboxes)
	awscdk.NewCfnOutput(stack, jsii.String("AlarmTopic"), &awscdk.CfnOutputProps{Value: newAlarms(stack, set).TopicArn()})
	if set.dashboard {
		newDashboard(stack)
	}
	edge.outputs(stack, store)
	return stack
}

func outputs(stack awscdk.Stack, set settings, front *gateway, store *data, inboxes map[string]*inbox) {
	out := func(name string, value *string) {
		awscdk.NewCfnOutput(stack, jsii.String(name), &awscdk.CfnOutputProps{Value: value})
	}
	out("ApiUrl", jsii.String(front.url(set)))
	out("ApiId", front.api.RestApiId())
	out("TableName", store.table.TableName())
	out("SourceBucket", store.source.BucketName())
	out("MediaBucket", store.media.BucketName())
	out("TopicArn", store.topic.TopicArn())
	for _, s := range services.Map {
		for i, q := range s.Queues() {
			if out("Inbox"+title(q.Name), inboxes[q.Name].queue.QueueUrl()); i == 0 {
				out("Dead"+title(s.Name), inboxes[q.Name].dead.QueueUrl())
			}
		}
	}
}

// newLayers makes each layer that a service asks for. A local cloud has none: there, settings say where the tools are.
func newLayers(stack awscdk.Stack, set settings) map[string]awslambda.ILayerVersion {
	layers := map[string]awslambda.ILayerVersion{}
	for _, s := range services.Map {
		if s.Layer == "" || set.local || layers[s.Layer] != nil {
			continue
		}
		layers[s.Layer] = awslambda.NewLayerVersion(stack, jsii.String(title(s.Layer)+"Layer"), &awslambda.LayerVersionProps{
			Code:                    awslambda.Code_FromAsset(jsii.String(set.layer()), nil),
			CompatibleArchitectures: &[]awslambda.Architecture{architecture(set)},
			Description:             jsii.String(s.Layer + " and ffprobe, in bin"),
		})
	}
	return layers
}

// feedsFirst returns the services of the map, those with an inbox first: what feeds them is made with them, and others
// may steer it.
func feedsFirst() []services.Service {
	all := slices.Clone(services.Map)
	slices.SortStableFunc(all, func(a, b services.Service) int { return len(b.Queues()) - len(a.Queues()) })
	return all
}

// title turns the name of a service or a queue into a construct's id: EncodeBulk.
func title(name string) (id string) {
	for word := range strings.SplitSeq(name, "-") {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}
