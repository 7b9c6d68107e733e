package main

import (
	"strconv"
	"strings"

	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

// layerToolsDir is where Lambda puts the layer's bin folder.
const layerToolsDir = "/opt/bin"

// buildEnvironment returns the variables of s: where the things are that it may touch, and no others.
func buildEnvironment(s services.Service, around serviceDeps) *map[string]*string {
	env := map[string]*string{}
	for _, r := range s.Permissions {
		around.setPermissionVars(r, env)
	}
	for _, to := range s.Destinations() {
		if to == services.Topic {
			env[services.EnvTopicARN] = around.data.topic.TopicArn()
		} else {
			receiver, _ := services.Lookup(to)
			if around.setQueueURLs(receiver.Queues(), env); receiver.Inbox.FairShare {
				env[services.EnvInFlightLimit] = jsii.String(strconv.Itoa(services.ComputeInFlightLimit(receiver.MaxWorkers(around.concurrency))))
			}
		}
	}
	if around.setQueueURLs(s.Queues(), env); s.Inbox != nil {
		env[services.EnvDeadLetterQueueURL(s.Name)] = around.serviceQueues[s.Name].deadLetters.QueueUrl()
	}
	if len(s.Routes) > 0 && around.publicURL != "" {
		env[services.EnvPublicURL] = jsii.String(around.publicURL)
	}
	if len(s.Routes) > 0 && around.cdn != nil {
		env[services.EnvPlaybackURL] = jsii.String(around.cdn.baseURL())
	}
	if s.Name == services.Studio && !around.local {
		env[services.EnvUploadURL] = jsii.String("https://" + *around.data.source.BucketRegionalDomainName())
	}
	if len(s.BrowserPaths()) > 0 {
		env[services.EnvCORSOrigins] = jsii.String(strings.Join(around.corsOrigins, ","))
	}
	if around.xrayDaemon != "" {
		env[services.EnvXRayDaemon] = jsii.String(around.xrayDaemon)
	}
	if s.Layer != "" {
		env[services.EnvFFmpegDir] = jsii.String(around.toolsDir())
	}
	return &env
}

func (a serviceDeps) setQueueURLs(queues []services.Queue, env map[string]*string) {
	for _, q := range queues {
		env[services.EnvQueueURL(q.Name)] = a.serviceQueues[q.Name].queue.QueueUrl()
	}
}

// setPermissionVars sets the variables with which to find one thing that a right is on.
func (a serviceDeps) setPermissionVars(r services.Permission, env map[string]*string) {
	bucket := func(name string, value *string) {
		env[name] = value
		if a.local {
			env[services.EnvS3PathStyle] = jsii.String("true")
		}
	}
	switch r.Resource {
	case "table", services.ByTenant, services.ByExternal, services.ByDeadline:
		env[services.EnvTable] = a.data.table.TableName()
	case "inboxes":
		a.setQueueURLs(services.ListQueues(), env)
	case "feeds":
		for _, q := range services.ListQueues() {
			env[services.EnvEventSourceMapping(q.Name)] = a.serviceQueues[q.Name].eventSourceMapping.EventSourceMappingId()
		}
		env[services.EnvConcurrency] = jsii.String(strconv.Itoa(a.concurrency))
		if len(a.provisioned) > 0 {
			env[services.EnvProvisionedQueues] = jsii.String(strings.Join(a.provisioned, ","))
		}
	case "functions":
		for _, name := range r.Only {
			env[services.EnvFunctionName(name)] = jsii.String(namePrefix + name)
		}
	case "dead-letters":
		for _, q := range services.ListQueues() {
			env[services.EnvDeadLetterQueueURL(q.Service)] = a.serviceQueues[q.Name].deadLetters.QueueUrl()
		}
	case "source":
		bucket(services.EnvSourceBucket, a.data.source.BucketName())
	case "media":
		bucket(services.EnvMediaBucket, a.data.media.BucketName())
	case "producers":
		if len(a.producerBuckets) > 0 {
			env[services.EnvProducerBuckets] = jsii.String(strings.Join(a.producerBuckets, ","))
		}
	case "internet":
		if a.fetchCA != "" {
			env[services.EnvFetchCA] = jsii.String(a.fetchCA)
		}
	case "traces":
		if a.xrayAPI != "" {
			env[services.EnvXRayEndpoint] = jsii.String(a.xrayAPI)
		}
	case "playback-key":
		env[services.EnvPlaybackKey] = a.data.playbackKey.SecretArn()
	}
}

func (a serviceDeps) toolsDir() string {
	if a.local {
		return a.ffmpegDir
	}
	return layerToolsDir
}
