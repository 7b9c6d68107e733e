package main

import (
	"errors"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

// settings are the choices of a deployment. Each is a context value: `make synth CONTEXT="-c name=value"`, or in
// cdk.json.
type settings struct {
	// cloud: "aws" (default) or "local", an emulator on this machine
	local bool
	// arch: "arm64" or "amd64"; default arm64, locally this machine's
	arch string
	// name: distinguishes the deployments of an account in a region, such as "staging"; default none
	name string
	// build: folder in which `make build` puts the functions (default "build")
	buildDir string
	// ffmpeg_dir: folder of ffmpeg and ffprobe; needed locally, where there are no layers
	ffmpegDir string
	// public_url: base URL of links in answers; default: that of api_domain or, without one, of each request
	publicURL string
	// api_domain: domain name of the API; default: API Gateway's own
	apiDomain string
	// api_certificate: ARN of the certificate of api_domain, in the region of the deployment; needed with api_domain
	apiCertificate string
	// concurrency: workers of all queues together; default services.MinConcurrency
	concurrency int
	// provisioned: queues with provisioned pollers, which cost money all the time, separated by commas; default none
	provisioned scaling.ProvisionedQueues
	// limits of the gateway, in requests a second and at once: of routes with a token, rate (200) and burst (400);
	// of those for anybody, open_rate (200) and open_burst (400); of operators, operator_rate (50) and operator_burst
	// (100)
	throttles map[string]throttle
	// waf_arn: ARN of a regional web ACL of AWS WAF for the gateway; default none, as one costs money all the time
	wafARN string
	// gateway_log_role: "own" (default) sets the role with which API Gateway writes logs, which an account has one of
	// in a region; "existing" leaves the one that is there. Preflight tells which is right.
	keepLogRole bool
	// cdn: false leaves CloudFront out, and the function play serves videos; never there on a local cloud
	cdn bool
	// cdn_domain: domain name of the CDN; default: CloudFront's own
	cdnDomain string
	// cdn_certificate: ARN of the certificate of cdn_domain, in us-east-1; needed with cdn_domain
	cdnCertificate string
	// keep_originals: days after which S3 deletes an original, at least minOriginalsDays; default never
	keepOriginalsDays int
	// producers: ARNs of principals, or ids, of other accounts that may send requests to the queue of api, separated by
	// commas
	producerPrincipals []string
	// producer_buckets: buckets that originals may be fetched from, separated by commas
	producerBuckets []string
	// producer_keys: ARNs of the KMS keys that encrypt producers' buckets, separated by commas. A key's own policy must
	// allow the role of fetch to decrypt as well.
	producerKeys []string
	// fetch_ca: file with the certificate of servers on this machine to fetch from; local only
	fetchCA string
	// xray_daemon: host:port that functions send traces to; local only
	xrayDaemon string
	// xray_api: URL that traces are read from; local only
	xrayAPI string
	// alarm_email: address that alarms notify; default none: subscribe to the topic of the output AlarmTopic
	alarmEmail string
	// dollars_per_hour: cost of functions in an hour above which there is an alarm (5)
	dollarsPerHour float64
	// monthly_budget: dollars that the account may cost in a month; when more is forecast, and when it is exceeded, AWS
	// notifies the topic of the alarms; default none
	monthlyBudget float64
	// dashboard: false leaves it out, as an account has three without cost; none on a local cloud
	dashboard bool
	// cors_origins: origins whose pages may call the API and upload, separated by commas (default "*")
	corsOrigins []string
}

// minOriginalsDays is how many days S3 has to keep an original: a day longer than a dead letter about it can be
// redriven.
const minOriginalsDays = int(deadLetterRetention/(24*time.Hour)) + 1

// readSettings reads the context values; value returns one of them, or nil. The error names each value that is wrong.
func readSettings(value func(name string) any) (settings, error) {
	c := &contextReader{value: value}
	s := settings{local: c.readChoice("cloud", "aws", "local") == "local"}
	s.arch = c.readChoice("arch", "arm64", "amd64")
	if s.local && value("arch") == nil {
		s.arch = runtime.GOARCH
	}
	if s.name = c.readText("name", ""); s.name != "" && !namePattern.MatchString(s.name) {
		c.addError("name", "is %q, not up to ten lower-case letters and digits, a letter first", s.name)
	}
	s.buildDir = c.readText("build", "build")
	s.ffmpegDir = c.readText("ffmpeg_dir", "")
	s.publicURL = strings.TrimRight(c.readText("public_url", ""), "/")
	s.keepLogRole = c.readChoice("gateway_log_role", "own", "existing") == "existing"
	s.cdn = c.readChoice("cdn", "true", "false") == "true" && !s.local
	s.cdnDomain, s.cdnCertificate = c.readDomain("cdn")
	c.readAPIDomain(&s)
	s.provisioned = c.readList("provisioned", "no queue", func(name string) bool {
		return slices.ContainsFunc(services.ListQueues(), func(q services.Queue) bool { return q.Name == name })
	})
	s.concurrency = c.readNumber("concurrency", s.provisioned.MinWorkers(), s.provisioned.MinWorkers())
	s.throttles = c.readThrottles()
	if s.wafARN = c.readText("waf_arn", ""); s.wafARN != "" && (s.local || !webACLPattern.MatchString(s.wafARN)) {
		c.addError("waf_arn", "is %q, not the ARN of a regional web ACL, or cloud=local", s.wafARN)
	}
	s.dollarsPerHour = c.readAmount("dollars_per_hour", 5)
	if s.monthlyBudget = c.readAmount("monthly_budget", 0); s.monthlyBudget > 0 && s.local {
		c.addError("monthly_budget", "is for cloud=aws only")
	}
	s.dashboard = c.readChoice("dashboard", "true", "false") == "true" && !s.local
	if s.alarmEmail = c.readText("alarm_email", ""); s.alarmEmail != "" && !strings.Contains(s.alarmEmail, "@") {
		c.addError("alarm_email", "is %q, which is no address", s.alarmEmail)
	}
	s.keepOriginalsDays = c.readNumber("keep_originals", 0, minOriginalsDays)
	for origin := range strings.SplitSeq(c.readText("cors_origins", "*"), ",") {
		s.corsOrigins = append(s.corsOrigins, strings.TrimSpace(origin))
	}
	s.producerPrincipals = c.readList("producers", "neither an ARN nor the id of an account",
		principalPattern.MatchString)
	s.producerKeys = c.readList("producer_keys", "not the ARN of a KMS key: an alias names no key in IAM",
		keyPattern.MatchString)
	s.producerBuckets, s.fetchCA = c.readBuckets("producer_buckets"), c.readText("fetch_ca", "")
	s.xrayDaemon, s.xrayAPI = c.readText("xray_daemon", ""), c.readText("xray_api", "")
	for name, value := range map[string]string{
		"fetch_ca": s.fetchCA, "xray_daemon": s.xrayDaemon, "xray_api": s.xrayAPI,
	} {
		if value != "" && !s.local {
			c.addError(name, "is for cloud=local only")
		}
	}
	if s.local && s.ffmpegDir == "" {
		c.addError("ffmpeg_dir", "is needed with cloud=local")
	}
	if s.producerKeys != nil && s.producerBuckets == nil {
		c.addError("producer_keys", "are of producer_buckets, of which there are none")
	}
	if s.cdnDomain != "" && !s.cdn && !s.local {
		c.addError("cdn_domain", "is of no use with cdn=false")
	}
	return s, errors.Join(c.errs...)
}

// principalPattern matches what can be the principal of a policy, but for "*", everybody.
var principalPattern = regexp.MustCompile(`^(\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+)$`)

// keyPattern matches ARNs of KMS keys, also of multi-Region keys
// (https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id).
var keyPattern = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/(mrk-)?[0-9a-f-]{32,36}$`)

// functionDir returns the folder of a service's executable, and layerDir that of the ffmpeg layer.
func (s settings) functionDir(service string) string { return path.Join(s.buildDir, s.arch, service) }
func (s settings) layerDir() string                  { return path.Join(s.buildDir, "layer", s.arch) }

// initialWorkers returns how many workers a queue has after a deployment and, if it has provisioned pollers, how many
// of those.
func (s settings) initialWorkers(queue string) (workers, pollers int) {
	c, _ := scaling.Decision{Ceilings: s.provisioned.IdleCeilings(s.concurrency)}.FindCeiling(queue)
	return c.Workers, s.provisioned.PollersFor(c)
}

// removalPolicy returns what happens to data when the stack is deleted: AWS keeps it, a local cloud deletes it.
func (s settings) removalPolicy() awscdk.RemovalPolicy {
	if s.local {
		return awscdk.RemovalPolicy_DESTROY
	}
	return awscdk.RemovalPolicy_RETAIN
}
