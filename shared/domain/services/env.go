package services

import (
	"slices"
	"strings"
)

// What a deployment has unless its settings say otherwise. For the workers of all queues that is LeastConcurrency, as
// an account that is new may have ten invocations at once, and one that is throttled counts as an attempt.
const (
	DefaultRate  = 200 // requests a second that the gateway lets through
	DefaultBurst = 400 // requests at once
)

// Names of the environment variables that infra sets and functions read. Durations, sizes and the like are not among
// them: they are in the map.
const (
	EnvTable             = "SLUICE_TABLE"
	EnvSourceBucket      = "SLUICE_SOURCE_BUCKET"
	EnvMediaBucket       = "SLUICE_MEDIA_BUCKET"
	EnvTopicARN          = "SLUICE_TOPIC_ARN"
	EnvFFmpegDir         = "SLUICE_FFMPEG_DIR"       // folder of ffmpeg and ffprobe: the layer's, or the local one
	EnvPublicURL         = "SLUICE_PUBLIC_URL"       // base of the links we hand out; empty: derived from the request
	EnvPlaybackURL       = "SLUICE_PLAYBACK_URL"     // base of the links to media: the CDN's; empty: the API itself
	EnvUploadURL         = "SLUICE_UPLOAD_URL"       // an address in the bucket that parts of uploads go to; empty on local clouds
	EnvPlaybackKey       = "SLUICE_PLAYBACK_KEY"     // id of the secret that path tokens are signed with
	EnvCORSOrigins       = "SLUICE_CORS_ORIGINS"     // origins whose pages may call the API, with commas between
	EnvS3PathStyle       = "SLUICE_S3_PATH_STYLE"    // "true" on local clouds
	EnvProducerBuckets   = "SLUICE_PRODUCER_BUCKETS" // names of the buckets to fetch from, with commas between; empty: none
	EnvXRayDaemon        = "AWS_XRAY_DAEMON_ADDRESS" // local clouds only, Lambda sets it itself: what stands for the X-Ray daemon
	EnvXRayEndpoint      = "AWS_ENDPOINT_URL_XRAY"   // local clouds only: what stands for X-Ray
	EnvInFlightLimit     = "SLUICE_WINDOW"           // tasks of a tenant in flight at most, in a number
	EnvFetchCA           = "SLUICE_FETCH_CA"         // local clouds only: file of the authority of servers on this machine, to fetch from
	EnvConcurrency       = "SLUICE_CONCURRENCY"      // how many workers all queues may have together
	EnvProvisionedQueues = "SLUICE_PROVISIONED"      // names of the queues with provisioned pollers, with commas between; empty: none
)

// EnvQueueURL, EnvFeed, EnvDeadLetters and EnvFunction name the variables that hold the URL of a queue, the id of the
// event source mapping that takes messages from it, the URL of a service's dead letters, and the name of its function.
func EnvQueueURL(queue string) string             { return buildEnvName(queue, "INBOX_URL") }
func EnvEventSourceMapping(queue string) string   { return buildEnvName(queue, "FEED_ID") }
func EnvDeadLetterQueueURL(service string) string { return buildEnvName(service, "DEAD_URL") }
func EnvFunctionName(service string) string       { return buildEnvName(service, "FUNCTION") }

func buildEnvName(name, what string) string {
	return "SLUICE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_" + what
}

// RequiredEnv returns the names of the variables that the service needs, sorted: those of the resources that it may
// use, of the queues and the topic that it sends to, of its own queues and of its tools.
func (s Service) RequiredEnv() (names []string) {
	for _, p := range s.Permissions {
		if env := resources[p.Resource].env; env != nil {
			names = append(names, env(p.Only)...)
		}
	}
	for _, to := range s.Destinations() {
		if to == Topic {
			names = append(names, EnvTopicARN)
			continue
		}
		receiver, _ := Lookup(to)
		if names = append(names, receiver.queueURLEnv()...); receiver.isFairShare() {
			names = append(names, EnvInFlightLimit)
		}
	}
	if names = append(names, s.queueURLEnv()...); s.Inbox != nil {
		names = append(names, EnvDeadLetterQueueURL(s.Name))
	}
	if s.Layer != "" {
		names = append(names, EnvFFmpegDir)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// OptionalEnv returns the names of the variables that the service reads and that some deployments leave unset, sorted.
func (s Service) OptionalEnv() []string {
	names := []string{EnvXRayDaemon}
	for _, p := range s.Permissions {
		names = append(names, resources[p.Resource].optionalEnv...)
	}
	if len(s.Routes) > 0 {
		names = append(names, EnvPublicURL, EnvPlaybackURL)
	}
	if len(s.BrowserPaths()) > 0 {
		names = append(names, EnvCORSOrigins)
	}
	if s.Name == Studio {
		names = append(names, EnvUploadURL)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s Service) queueURLEnv() (names []string) {
	for _, q := range s.Queues() {
		names = append(names, EnvQueueURL(q.Name))
	}
	return names
}
