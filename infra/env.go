package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

// layerToolsDir is where Lambda puts the layer's bin folder.
const layerToolsDir = "/opt/bin"

// buildEnvironment returns the environment variables of a service, those that its resources in the service map ask for.
// An optional variable without a value in this deployment is left out. It panics if a required one has no value.
func buildEnvironment(s services.Service, deps serviceDeps) *map[string]*string {
	env, required := map[string]*string{}, s.RequiredEnv()
	for _, name := range slices.Concat(required, s.OptionalEnv()) {
		value := deps.envValues[name]
		switch {
		case value != nil:
			env[name] = value()
		case slices.Contains(required, name):
			panic("infra: the variable " + name + " has no value")
		}
	}
	return &env
}

// envValue returns the value of an environment variable.
type envValue func() *string

// newEnvValues returns the values that environment variables have in this deployment. They are functions because a
// value can refer to a resource that is made later.
func newEnvValues(deps serviceDeps) map[string]envValue {
	values := map[string]envValue{
		services.EnvTable:        deps.data.table.TableName,
		services.EnvSourceBucket: deps.data.source.BucketName,
		services.EnvMediaBucket:  deps.data.media.BucketName,
		services.EnvTopicARN:     deps.data.topic.TopicArn,
		services.EnvPlaybackKey:  deps.data.playbackKey.SecretArn,
		services.EnvConcurrency:  fixedValue(strconv.Itoa(deps.concurrency)),
		services.EnvFFmpegDir:    fixedValue(layerToolsDir),
	}
	for _, q := range services.ListQueues() {
		queue := deps.serviceQueues[q.Name]
		values[services.EnvQueueURL(q.Name)] = queue.queue.QueueUrl
		values[services.EnvDeadLetterQueueURL(q.Service)] = queue.deadLetters.QueueUrl
		values[services.EnvEventSourceMapping(q.Name)] = func() *string {
			return queue.eventSourceMapping.EventSourceMappingId()
		}
	}
	for _, s := range services.Map {
		values[services.EnvFunctionName(s.Name)] = fixedValue(deps.buildName(s.Name))
		if s.Inbox != nil && s.Inbox.FairShare {
			limit := services.ComputeInFlightLimit(s.WorkerLimit(deps.concurrency))
			values[services.EnvInFlightLimit] = fixedValue(strconv.Itoa(limit))
		}
	}
	if deps.cdn != nil {
		values[services.EnvPlaybackURL] = func() *string { return jsii.String(deps.cdn.baseURL()) }
		values[services.EnvCDNStore] = deps.cdn.keyValueStore.KeyValueStoreArn
		values[services.EnvCDNDistribution] = deps.cdn.distribution.DistributionId
	}
	if deps.cdn == nil && !deps.local {
		values[services.EnvMediaURL] = func() *string {
			return jsii.String("https://" + *deps.data.media.BucketRegionalDomainName())
		}
	}
	if deps.local {
		values[services.EnvS3PathStyle], values[services.EnvFFmpegDir] = fixedValue("true"), fixedValue(deps.ffmpegDir)
	} else {
		values[services.EnvUploadURL] = func() *string {
			return jsii.String("https://" + *deps.data.source.BucketRegionalDomainName())
		}
	}
	if deps.name != "" {
		values[services.EnvMetricNamespace] = fixedValue(deps.buildMetricNamespace())
	}
	for name, value := range map[string]string{
		services.EnvPublicURL:         deps.publicURL,
		services.EnvCORSOrigins:       strings.Join(deps.corsOrigins, ","),
		services.EnvProvisionedQueues: strings.Join(deps.provisioned, ","),
		services.EnvProducerBuckets:   strings.Join(deps.producerBuckets, ","),
		services.EnvFetchCA:           deps.fetchCA,
		services.EnvXRayDaemon:        deps.xrayDaemon,
		services.EnvXRayEndpoint:      deps.xrayAPI,
	} {
		if value != "" {
			values[name] = fixedValue(value)
		}
	}
	return values
}

func fixedValue(text string) envValue { return func() *string { return jsii.String(text) } }
