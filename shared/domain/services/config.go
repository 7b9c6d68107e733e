package services

import (
	"maps"
	"slices"
	"strings"
)

// What a deployment has unless its settings say otherwise. For the workers of all queues that is LeastConcurrency, as an
// account that is new may have ten invocations at once, and one that is throttled counts as an attempt.
const (
	StandardRate  = 200 // requests a second that the gateway lets through
	StandardBurst = 400 // requests at once
)

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
	EnvConcurrency = "SLUICE_CONCURRENCY"      // how many workers all queues may have together
	EnvProvisioned = "SLUICE_PROVISIONED"      // names of the queues with provisioned pollers, with commas between; empty: none
)

// EnvInbox, EnvFeed, EnvDeadLetters and EnvFunction name the variables that hold the URL of a queue, the id of the event
// source mapping that takes messages from it, the URL of a service's dead letters, and the name of its function.
func EnvInbox(queue string) string         { return env(queue, "INBOX_URL") }
func EnvFeed(queue string) string          { return env(queue, "FEED_ID") }
func EnvDeadLetters(service string) string { return env(service, "DEAD_URL") }
func EnvFunction(service string) string    { return env(service, "FUNCTION") }

func env(name, what string) string {
	return "SLUICE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_" + what
}

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
			receiver, _ := Lookup(to)
			if needInboxes(need, receiver); receiver.Inbox.Fair {
				need[EnvWindow] = true
			}
		}
	}
	if needInboxes(need, s); s.Inbox != nil {
		need[EnvDeadLetters(s.Name)] = true
	}
	if s.Layer != "" {
		need[EnvTools] = true
	}
	return slices.Sorted(maps.Keys(need))
}

func needInboxes(need map[string]bool, s Service) {
	for _, q := range s.Queues() {
		need[EnvInbox(q.Name)] = true
	}
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
	case "producers", "internet", "traces", "metrics":
		return nil
	case "inboxes":
		return envOfQueues(EnvInbox)
	case "feeds":
		return append(envOfQueues(EnvFeed), EnvConcurrency)
	case "dead-letters":
		return envOfDead()
	case "functions":
		return each(r.Only, EnvFunction)
	}
	return []string{EnvTable}
}

func envOfQueues(name func(queue string) string) (names []string) {
	for _, q := range Queues() {
		names = append(names, name(q.Name))
	}
	return names
}

func envOfDead() (names []string) {
	for _, s := range Map {
		if s.Inbox != nil {
			names = append(names, EnvDeadLetters(s.Name))
		}
	}
	return names
}

func each(all []string, name func(string) string) (names []string) {
	for _, one := range all {
		names = append(names, name(one))
	}
	return names
}
