package main

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
)

// settings are what a deployment may choose. Each is a context value: `cdk deploy -c name=value`, or cdk.json.
type settings struct {
	local              bool                      // cloud: "aws" (default) or "local", an emulator on this machine
	arch               string                    // arch: "arm64" or "amd64"; default arm64, locally this machine's
	buildDir           string                    // build: folder of what `make build` made (default "build")
	ffmpegDir          string                    // ffmpeg_dir: folder of ffmpeg and ffprobe; needed locally, where there are no layers
	publicURL          string                    // public_url: base of the links we hand out; default: each request's own
	concurrency        int                       // concurrency: what the workers of all queues together may have running at once; default services.LeastConcurrency
	provisioned        scaling.ProvisionedQueues // provisioned: comma-separated names of the queues that have provisioned pollers, which are paid all the time; default none
	rate, burst        int                       // rate, burst: requests a second, and at once, that the gateway lets through (200, 400)
	cdnDomain          string                    // cdn_domain: our name for the CDN; default: CloudFront's own
	cdnCertificate     string                    // cdn_certificate: ARN of that name's certificate, in us-east-1; the one needs the other
	keepOriginalsDays  int                       // keep_originals: days after which S3 deletes an original, leastOriginals or more; default never
	producerPrincipals []string                  // producers: comma-separated ARNs of principals, or ids of accounts, outside this account that may send requests
	producerBuckets    []string                  // producer_buckets: comma-separated names of the buckets that originals may be fetched from
	fetchCA            string                    // fetch_ca: file of the authority of servers on this machine that may be fetched from; local only
	xrayDaemon         string                    // xray_daemon: host:port to which functions send their traces; local only
	xrayAPI            string                    // xray_api: URL at which traces are read; local only
	alarmEmail         string                    // alarm_email: whom alarms write to; default nobody: subscribe to the topic of the output AlarmTopic
	dollarsPerHour     float64                   // dollars_per_hour: what functions may cost in an hour without an alarm (5)
	dashboard          bool                      // dashboard: false leaves it out, as an account has three for nothing; locally there is none
	corsOrigins        []string                  // cors_origins: comma-separated origins whose pages may call the API and reach the buckets (default "*")
}

// minOriginalsDays is how many days an original has to stay: as long as a dead letter may wait for someone to send it
// again, and a day.
const minOriginalsDays = int(deadLetterRetention/(24*time.Hour)) + 1

// readSettings reads the context values that value finds. The error names each one that is wrong.
func readSettings(value func(name string) any) (settings, error) {
	c := &contextReader{value: value}
	s := settings{local: c.readChoice("cloud", "aws", "local") == "local"}
	s.arch = c.readChoice("arch", "arm64", "amd64")
	if s.local && value("arch") == nil {
		s.arch = runtime.GOARCH
	}
	s.buildDir = c.readText("build", "build")
	s.ffmpegDir = c.readText("ffmpeg_dir", "")
	s.publicURL = strings.TrimRight(c.readText("public_url", ""), "/")
	s.cdnDomain, s.cdnCertificate = c.readText("cdn_domain", ""), c.readText("cdn_certificate", "")
	s.provisioned = c.readQueues("provisioned")
	s.concurrency = c.readNumber("concurrency", s.provisioned.MinWorkers(), s.provisioned.MinWorkers())
	s.rate = c.readNumber("rate", services.DefaultRate, 1)
	s.burst = c.readNumber("burst", services.DefaultBurst, 1)
	s.dollarsPerHour = c.readAmount("dollars_per_hour", 5)
	s.dashboard = c.readChoice("dashboard", "true", "false") == "true" && !s.local
	if s.alarmEmail = c.readText("alarm_email", ""); s.alarmEmail != "" && !strings.Contains(s.alarmEmail, "@") {
		c.addError("alarm_email", "is %q, which is no address", s.alarmEmail)
	}
	s.keepOriginalsDays = c.readNumber("keep_originals", 0, minOriginalsDays)
	for origin := range strings.SplitSeq(c.readText("cors_origins", "*"), ",") {
		s.corsOrigins = append(s.corsOrigins, strings.TrimSpace(origin))
	}
	for _, p := range strings.FieldsFunc(c.readText("producers", ""), func(r rune) bool { return r == ',' || r == ' ' }) {
		s.producerPrincipals = append(s.producerPrincipals, p)
		if !isPrincipal(p) {
			c.addError("producers", "has %q, which is neither an ARN nor the id of an account", p)
		}
	}
	s.producerBuckets, s.fetchCA = c.readBuckets("producer_buckets"), c.readText("fetch_ca", "")
	s.xrayDaemon, s.xrayAPI = c.readText("xray_daemon", ""), c.readText("xray_api", "")
	for name, value := range map[string]string{"fetch_ca": s.fetchCA, "xray_daemon": s.xrayDaemon, "xray_api": s.xrayAPI} {
		if value != "" && !s.local {
			c.addError(name, "is for cloud=local only")
		}
	}
	if s.local && s.ffmpegDir == "" {
		c.addError("ffmpeg_dir", "is needed with cloud=local")
	}
	if (s.cdnDomain == "") != (s.cdnCertificate == "") {
		c.addError("cdn_domain", "and cdn_certificate are needed both, or neither")
	}
	return s, errors.Join(c.errs...)
}

// isPrincipal reports whether p can be a principal in a policy; everybody is none.
func isPrincipal(p string) bool { return principalPattern.MatchString(p) }

var principalPattern = regexp.MustCompile(`^(\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+)$`)

// functionDir returns the folder of a service's executable, and layer that of a layer.
func (s settings) functionDir(service string) string { return path.Join(s.buildDir, s.arch, service) }
func (s settings) layerDir() string                  { return path.Join(s.buildDir, "layer", s.arch) }

// initialWorkers returns how many workers a queue begins with and, if its pollers are provisioned, with how many of those.
func (s settings) initialWorkers(queue string) (workers, pollers int) {
	c, _ := scaling.Decision{Ceilings: s.provisioned.IdleCeilings(s.concurrency)}.FindCeiling(queue)
	return c.Workers, s.provisioned.PollersFor(c)
}

// removalPolicy returns what becomes of data when its resource leaves the stack.
func (s settings) removalPolicy() awscdk.RemovalPolicy {
	if s.local {
		return awscdk.RemovalPolicy_DESTROY
	}
	return awscdk.RemovalPolicy_RETAIN
}

// contextReader reads context values and collects what is wrong with them. A value is a string if it comes from the command
// line, and may be a number if it comes from cdk.json.
type contextReader struct {
	value func(name string) any
	errs  []error
}

func (r *contextReader) addError(name, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("context %s %s", name, fmt.Sprintf(format, args...)))
}

func (r *contextReader) readText(name, otherwise string) string {
	switch v := r.value(name).(type) {
	case nil:
		return otherwise
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		r.addError(name, "is a %T, not a text", v)
		return otherwise
	}
}

// readBuckets returns the names of buckets that may be registered as producers'.
func (r *contextReader) readBuckets(name string) (names []string) {
	v := r.readText(name, "")
	if v == "" {
		return nil
	}
	for bucket := range strings.SplitSeq(v, ",") {
		bucket = strings.TrimSpace(bucket)
		if !services.ValidProducerBucket(bucket) {
			r.addError(name, "has %q, which is not a producer's bucket by its own name", bucket)
		}
		names = append(names, bucket)
	}
	return names
}

// readQueues returns the names of queues of the map.
func (r *contextReader) readQueues(name string) (names []string) {
	for q := range strings.FieldsFuncSeq(r.readText(name, ""), func(c rune) bool { return c == ',' || c == ' ' }) {
		if !slices.ContainsFunc(services.ListQueues(), func(known services.Queue) bool { return known.Name == q }) {
			r.addError(name, "has %q, which is no queue", q)
		}
		names = append(names, q)
	}
	return names
}

// readChoice returns the value, which must be one of two; the first is the default.
func (r *contextReader) readChoice(name, first, second string) string {
	v := r.readText(name, first)
	if v != first && v != second {
		r.addError(name, "is %q, not %s or %s", v, first, second)
	}
	return v
}

func (r *contextReader) readNumber(name string, otherwise, least int) int {
	v := r.readText(name, "")
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least {
		r.addError(name, "is %q, not a whole number of %d or more", v, least)
	}
	return n
}

func (r *contextReader) readAmount(name string, otherwise float64) float64 {
	v := r.readText(name, "")
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		r.addError(name, "is %q, not a number above zero", v)
	}
	return n
}
