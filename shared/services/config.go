package services

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// What a deployment has unless its settings say otherwise. They fit an account that is new: it may have ten invocations
// at once, and one that is throttled counts as an attempt.
const (
	StandardWorkers = 3   // of each queue, at once
	StandardRate    = 200 // requests a second that the gateway lets through
	StandardBurst   = 400 // requests at once
)

// MostWorkers is the highest MaximumConcurrency of an event source mapping
// (https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html).
const MostWorkers = 1000

// Workers returns how many invocations the inbox may have at once where the deployment allows concurrency: the least of
// what the map, the deployment and AWS allow.
func (i Inbox) Workers(concurrency int) int {
	return min(cmp.Or(i.MaxWorkers, MostWorkers), concurrency, MostWorkers)
}

// Names of the environment variables that infra sets and functions read. Durations, sizes and the like are not among
// them: they are in the map.
const (
	EnvTable       = "SLUICE_TABLE"
	EnvSource      = "SLUICE_SOURCE_BUCKET"
	EnvMedia       = "SLUICE_MEDIA_BUCKET"
	EnvTopic       = "SLUICE_TOPIC_ARN"
	EnvTools       = "SLUICE_FFMPEG_DIR"       // folder of ffmpeg and ffprobe: the layer's, or the local one
	EnvPublicURL   = "SLUICE_PUBLIC_URL"       // base of the links we hand out; empty: derived from the request
	EnvPlaybackURL = "SLUICE_PLAYBACK_URL"     // base of the links to media: the CDN's; empty: the API itself
	EnvUploadURL   = "SLUICE_UPLOAD_URL"       // an address in the bucket that parts of uploads go to; empty on local clouds
	EnvPlaybackKey = "SLUICE_PLAYBACK_KEY"     // id of the secret that path tokens are signed with
	EnvOrigins     = "SLUICE_CORS_ORIGINS"     // origins whose pages may call the API, with commas between
	EnvPathStyle   = "SLUICE_S3_PATH_STYLE"    // "true" on local clouds
	EnvProducers   = "SLUICE_PRODUCER_BUCKETS" // names of the buckets to fetch from, with commas between; empty: none
	EnvDaemon      = "AWS_XRAY_DAEMON_ADDRESS" // local clouds only, Lambda sets it itself: what stands for the X-Ray daemon
	EnvTraces      = "AWS_ENDPOINT_URL_XRAY"   // local clouds only: what stands for X-Ray
	EnvWindow      = "SLUICE_WINDOW"           // tasks of a tenant in flight at most, in a number
	EnvFetchCA     = "SLUICE_FETCH_CA"         // local clouds only: file of the authority of servers on this machine, to fetch from
)

// EnvInbox and EnvDeadLetters name the variables that hold the URLs of a service's queues.
func EnvInbox(service string) string       { return "SLUICE_" + strings.ToUpper(service) + "_INBOX_URL" }
func EnvDeadLetters(service string) string { return "SLUICE_" + strings.ToUpper(service) + "_DEAD_URL" }

// Env returns the names of the variables a service can't do without, sorted: those of what it may touch, what it sends
// to, its own queues and its tools.
func (s Service) Env() []string {
	need := map[string]bool{}
	for _, r := range s.May {
		for _, name := range r.env() {
			need[name] = true
		}
	}
	for _, to := range s.Sends() {
		if to == Topic {
			need[EnvTopic] = true
		} else {
			need[EnvInbox(to)] = true
			if receiver, _ := Lookup(to); receiver.Inbox.Fair {
				need[EnvWindow] = true
			}
		}
	}
	if s.Inbox != nil {
		need[EnvInbox(s.Name)], need[EnvDeadLetters(s.Name)] = true, true
	}
	if s.Layer != "" {
		need[EnvTools] = true
	}
	return slices.Sorted(maps.Keys(need))
}

// env returns the names of the variables that say where to find what a right is on.
func (r Right) env() []string {
	switch r.On {
	case "source":
		return []string{EnvSource}
	case "media":
		return []string{EnvMedia}
	case "playback-key":
		return []string{EnvPlaybackKey}
	case "producers", "internet", "traces":
		return nil
	case "inboxes":
		return envOfInboxes(EnvInbox)
	case "dead-letters":
		return envOfInboxes(EnvDeadLetters)
	}
	return []string{EnvTable}
}

func envOfInboxes(name func(service string) string) (names []string) {
	for _, s := range Map {
		if s.Inbox != nil {
			names = append(names, name(s.Name))
		}
	}
	return names
}
