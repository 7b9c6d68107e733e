package main

import (
	"strconv"
	"strings"

	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

// toolsInLayer is where Lambda puts the layer's bin folder.
const toolsInLayer = "/opt/bin"

// environment returns the variables of s: where the things are that it may touch, and no others.
func environment(s services.Service, around surroundings) *map[string]*string {
	env := map[string]*string{}
	for _, r := range s.May {
		around.locate(r, env)
	}
	for _, to := range s.Sends() {
		if to == services.Topic {
			env[services.EnvTopic] = around.data.topic.TopicArn()
		} else {
			receiver, _ := services.Lookup(to)
			if around.locateInboxes(receiver.Queues(), env); receiver.Inbox.Fair {
				env[services.EnvWindow] = jsii.String(strconv.Itoa(services.Window(receiver.Workers(around.concurrency))))
			}
		}
	}
	if around.locateInboxes(s.Queues(), env); s.Inbox != nil {
		env[services.EnvDeadLetters(s.Name)] = around.inboxes[s.Name].dead.QueueUrl()
	}
	if len(s.Routes) > 0 && around.publicURL != "" {
		env[services.EnvPublicURL] = jsii.String(around.publicURL)
	}
	if len(s.Routes) > 0 && around.cdn != nil {
		env[services.EnvPlaybackURL] = jsii.String(around.cdn.url())
	}
	if s.Name == services.Studio && !around.local {
		env[services.EnvUploadURL] = jsii.String("https://" + *around.data.source.BucketRegionalDomainName())
	}
	if len(s.Pages()) > 0 {
		env[services.EnvOrigins] = jsii.String(strings.Join(around.origins, ","))
	}
	if around.daemon != "" {
		env[services.EnvDaemon] = jsii.String(around.daemon)
	}
	if s.Layer != "" {
		env[services.EnvTools] = jsii.String(around.tools())
	}
	return &env
}

func (a surroundings) locateInboxes(queues []services.Queue, env map[string]*string) {
	for _, q := range queues {
		env[services.EnvInbox(q.Name)] = a.inboxes[q.Name].queue.QueueUrl()
	}
}

// locate sets the variables with which to find one thing that a right is on.
func (a surroundings) locate(r services.Right, env map[string]*string) {
	bucket := func(name string, value *string) {
		env[name] = value
		if a.local {
			env[services.EnvPathStyle] = jsii.String("true")
		}
	}
	switch r.On {
	case "table", services.ByTenant, services.ByExternal, services.ByDeadline:
		env[services.EnvTable] = a.data.table.TableName()
	case "inboxes":
		a.locateInboxes(services.Queues(), env)
	case "feeds":
		for _, q := range services.Queues() {
			env[services.EnvFeed(q.Name)] = a.inboxes[q.Name].mapping.EventSourceMappingId()
		}
		env[services.EnvConcurrency] = jsii.String(strconv.Itoa(a.concurrency))
		if len(a.provisioned) > 0 {
			env[services.EnvProvisioned] = jsii.String(strings.Join(a.provisioned, ","))
		}
	case "functions":
		for _, name := range r.Only {
			env[services.EnvFunction(name)] = jsii.String(prefix + name)
		}
	case "dead-letters":
		for _, q := range services.Queues() {
			env[services.EnvDeadLetters(q.Service)] = a.inboxes[q.Name].dead.QueueUrl()
		}
	case "source":
		bucket(services.EnvSource, a.data.source.BucketName())
	case "media":
		bucket(services.EnvMedia, a.data.media.BucketName())
	case "producers":
		if len(a.masters) > 0 {
			env[services.EnvProducers] = jsii.String(strings.Join(a.masters, ","))
		}
	case "internet":
		if a.fetchCA != "" {
			env[services.EnvFetchCA] = jsii.String(a.fetchCA)
		}
	case "traces":
		if a.traces != "" {
			env[services.EnvTraces] = jsii.String(a.traces)
		}
	case "playback-key":
		env[services.EnvPlaybackKey] = a.data.playbackKey.SecretArn()
	}
}

func (a surroundings) tools() string {
	if a.local {
		return a.ffmpegDir
	}
	return toolsInLayer
}
