package services

import (
	"slices"
	"strings"
)

// Defaults of a deployment. The default of the concurrency for all queues is MinConcurrency, as a new account may have
// only ten concurrent invocations, and a throttled invocation counts as an attempt.
const (
	DefaultRate  = 200 // requests a second that the API gateway accepts for each route with a token
	DefaultBurst = 400 // requests that it accepts at once for such a route

	DefaultOpenRate, DefaultOpenBurst         = 200, 400 // for each that anybody may call, such as those of players
	DefaultOperatorRate, DefaultOperatorBurst = 50, 100  // for each of operators
)

// Throttle classes: the routes of a class have the same limits.
const (
	OpenClass     = "open"
	TokenClass    = "token"
	OperatorClass = "operator"
)

// ThrottleClass returns the class of a route: operator for those with AWS credentials or the operator's scope.
func (r Route) ThrottleClass() string {
	switch {
	case r.Auth == AuthOpen:
		return OpenClass
	case r.Auth == AuthToken && r.Scope != "operator":
		return TokenClass
	}
	return OperatorClass
}

// Names of the environment variables that package infra sets and functions read. Durations and sizes are not among
// them: they are in the service map.
const (
	EnvTable             = "SLUICE_TABLE"
	EnvSourceBucket      = "SLUICE_SOURCE_BUCKET"
	EnvMediaBucket       = "SLUICE_MEDIA_BUCKET"
	EnvTopicARN          = "SLUICE_TOPIC_ARN"
	EnvFFmpegDir         = "SLUICE_FFMPEG_DIR"       // folder of ffmpeg and ffprobe
	EnvPublicURL         = "SLUICE_PUBLIC_URL"       // base URL of links to the API; empty: derived from the request
	EnvPlaybackURL       = "SLUICE_PLAYBACK_URL"     // base URL of links to media, at the CDN; empty: the API itself
	EnvCDNStore          = "SLUICE_CDN_STORE"        // ARN of the CDN's key value store; empty: there is no CDN
	EnvCDNDistribution   = "SLUICE_CDN_DISTRIBUTION" // id of the CDN's distribution; empty: there is no CDN
	EnvUploadURL         = "SLUICE_UPLOAD_URL"       // bucket address for parts of uploads; empty on local clouds
	EnvMediaURL          = "SLUICE_MEDIA_URL"        // media bucket's address without a CDN; empty on local clouds
	EnvMetricNamespace   = "SLUICE_METRIC_NAMESPACE" // CloudWatch namespace of metrics; empty: metric.Namespace
	EnvPlaybackKey       = "SLUICE_PLAYBACK_KEY"     // id of the secret with the signing keys of playback tokens
	EnvCORSOrigins       = "SLUICE_CORS_ORIGINS"     // origins whose pages may call the API, comma-separated
	EnvS3PathStyle       = "SLUICE_S3_PATH_STYLE"    // "true" on local clouds
	EnvProducerBuckets   = "SLUICE_PRODUCER_BUCKETS" // names of the producers' buckets, comma-separated; empty: none
	EnvXRayDaemon        = "AWS_XRAY_DAEMON_ADDRESS" // local clouds only: substitute for the X-Ray daemon
	EnvXRayEndpoint      = "AWS_ENDPOINT_URL_XRAY"   // local clouds only: URL of the substitute for X-Ray
	EnvInFlightLimit     = "SLUICE_WINDOW"           // how many tasks of a tenant may be in flight in each lane
	EnvFetchCA           = "SLUICE_FETCH_CA"         // local clouds only: file with the CA of local servers
	EnvConcurrency       = "SLUICE_CONCURRENCY"      // how many workers all queues may have together
	EnvProvisionedQueues = "SLUICE_PROVISIONED"      // queues with provisioned pollers, comma-separated
)

// EnvQueueURL, EnvEventSourceMapping, EnvDeadLetterQueueURL and EnvFunctionName return the names of the variables with
// the URL of a queue, the id of its event source mapping, the URL of a service's dead-letter queue, and the name of
// its function.
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
	names := []string{EnvXRayDaemon, EnvMetricNamespace}
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
		names = append(names, EnvUploadURL, EnvMediaURL)
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
