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
	local          bool                // cloud: "aws" (default) or "local", an emulator on this machine
	arch           string              // arch: "arm64" or "amd64"; default arm64, locally this machine's
	build          string              // build: folder of what `make build` made (default "build")
	ffmpegDir      string              // ffmpeg_dir: folder of ffmpeg and ffprobe; needed locally, where there are no layers
	publicURL      string              // public_url: base of the links we hand out; default: each request's own
	concurrency    int                 // concurrency: what the workers of all queues together may have running at once; default services.LeastConcurrency
	provisioned    scaling.Provisioned // provisioned: comma-separated names of the queues that have provisioned pollers, which are paid all the time; default none
	rate, burst    int                 // rate, burst: requests a second, and at once, that the gateway lets through (200, 400)
	cdnDomain      string              // cdn_domain: our name for the CDN; default: CloudFront's own
	cdnCertificate string              // cdn_certificate: ARN of that name's certificate, in us-east-1; the one needs the other
	keepOriginals  int                 // keep_originals: days after which S3 deletes an original, leastOriginals or more; default never
	producers      []string            // producers: comma-separated ARNs of principals, or ids of accounts, outside this account that may send requests
	masters        []string            // producer_buckets: comma-separated names of the buckets that originals may be fetched from
	fetchCA        string              // fetch_ca: file of the authority of servers on this machine that may be fetched from; local only
	daemon         string              // xray_daemon: host:port to which functions send their traces; local only
	traces         string              // xray_api: URL at which traces are read; local only
	alarmEmail     string              // alarm_email: whom alarms write to; default nobody: subscribe to the topic of the output AlarmTopic
	dollarsPerHour float64             // dollars_per_hour: what functions may cost in an hour without an alarm (5)
	dashboard      bool                // dashboard: false leaves it out, as an account has three for nothing; locally there is none
	origins        []string            // cors_origins: comma-separated origins whose pages may call the API and reach the buckets (default "*")
}

// leastOriginals is how many days an original has to stay: as long as a dead letter may wait for someone to send it
// again, and a day.
const leastOriginals = int(keepDead/(24*time.Hour)) + 1

// readSettings reads the context values that value finds. The error names each one that is wrong.
func readSettings(value func(name string) any) (settings, error) {
	c := &reader{value: value}
	s := settings{local: c.choice("cloud", "aws", "local") == "local"}
	s.arch = c.choice("arch", "arm64", "amd64")
	if s.local && value("arch") == nil {
		s.arch = runtime.GOARCH
	}
	s.build = c.text("build", "build")
	s.ffmpegDir = c.text("ffmpeg_dir", "")
	s.publicURL = strings.TrimRight(c.text("public_url", ""), "/")
	s.cdnDomain, s.cdnCertificate = c.text("cdn_domain", ""), c.text("cdn_certificate", "")
	s.provisioned = c.queues("provisioned")
	s.concurrency = c.number("concurrency", s.provisioned.Least(), s.provisioned.Least())
	s.rate = c.number("rate", services.StandardRate, 1)
	s.burst = c.number("burst", services.StandardBurst, 1)
	s.dollarsPerHour = c.amount("dollars_per_hour", 5)
	s.dashboard = c.choice("dashboard", "true", "false") == "true" && !s.local
	if s.alarmEmail = c.text("alarm_email", ""); s.alarmEmail != "" && !strings.Contains(s.alarmEmail, "@") {
		c.wrong("alarm_email", "is %q, which is no address", s.alarmEmail)
	}
	s.keepOriginals = c.number("keep_originals", 0, leastOriginals)
	for origin := range strings.SplitSeq(c.text("cors_origins", "*"), ",") {
		s.origins = append(s.origins, strings.TrimSpace(origin))
	}
	for _, p := range strings.FieldsFunc(c.text("producers", ""), func(r rune) bool { return r == ',' || r == ' ' }) {
		s.producers = append(s.producers, p)
		if !isPrincipal(p) {
			c.wrong("producers", "has %q, which is neither an ARN nor the id of an account", p)
		}
	}
	s.masters, s.fetchCA = c.buckets("producer_buckets"), c.text("fetch_ca", "")
	s.daemon, s.traces = c.text("xray_daemon", ""), c.text("xray_api", "")
	for name, value := range map[string]string{"fetch_ca": s.fetchCA, "xray_daemon": s.daemon, "xray_api": s.traces} {
		if value != "" && !s.local {
			c.wrong(name, "is for cloud=local only")
		}
	}
	if s.local && s.ffmpegDir == "" {
		c.wrong("ffmpeg_dir", "is needed with cloud=local")
	}
	if (s.cdnDomain == "") != (s.cdnCertificate == "") {
		c.wrong("cdn_domain", "and cdn_certificate are needed both, or neither")
	}
	return s, errors.Join(c.errs...)
}

// isPrincipal reports whether p can be a principal in a policy; everybody is none.
func isPrincipal(p string) bool { return principal.MatchString(p) }

var principal = regexp.MustCompile(`^(\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+)$`)

// code returns the folder of a service's executable, and layer that of a layer.
func (s settings) code(service string) string { return path.Join(s.build, s.arch, service) }
func (s settings) layer() string              { return path.Join(s.build, "layer", s.arch) }

// workers returns how many workers a queue begins with and, if its pollers are provisioned, with how many of those.
func (s settings) workers(queue string) (workers, pollers int) {
	c, _ := scaling.Decision{Ceilings: s.provisioned.Idle(s.concurrency)}.Of(queue)
	return c.Workers, s.provisioned.Pollers(c)
}

// keep returns what becomes of data when its resource leaves the stack.
func (s settings) keep() awscdk.RemovalPolicy {
	if s.local {
		return awscdk.RemovalPolicy_DESTROY
	}
	return awscdk.RemovalPolicy_RETAIN
}

// reader reads context values and collects what is wrong with them. A value is a string if it comes from the command
// line, and may be a number if it comes from cdk.json.
type reader struct {
	value func(name string) any
	errs  []error
}

func (r *reader) wrong(name, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("context %s %s", name, fmt.Sprintf(format, args...)))
}

func (r *reader) text(name, otherwise string) string {
	switch v := r.value(name).(type) {
	case nil:
		return otherwise
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		r.wrong(name, "is a %T, not a text", v)
		return otherwise
	}
}

// buckets returns the names of buckets that may be registered as producers'.
func (r *reader) buckets(name string) (names []string) {
	v := r.text(name, "")
	if v == "" {
		return nil
	}
	for bucket := range strings.SplitSeq(v, ",") {
		bucket = strings.TrimSpace(bucket)
		if !services.MayProduce(bucket) {
			r.wrong(name, "has %q, which is not a producer's bucket by its own name", bucket)
		}
		names = append(names, bucket)
	}
	return names
}

// queues returns the names of queues of the map.
func (r *reader) queues(name string) (names []string) {
	for q := range strings.FieldsFuncSeq(r.text(name, ""), func(c rune) bool { return c == ',' || c == ' ' }) {
		if !slices.ContainsFunc(services.Queues(), func(known services.Queue) bool { return known.Name == q }) {
			r.wrong(name, "has %q, which is no queue", q)
		}
		names = append(names, q)
	}
	return names
}

// choice returns the value, which must be one of two; the first is the default.
func (r *reader) choice(name, first, second string) string {
	v := r.text(name, first)
	if v != first && v != second {
		r.wrong(name, "is %q, not %s or %s", v, first, second)
	}
	return v
}

func (r *reader) number(name string, otherwise, least int) int {
	v := r.text(name, "")
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least {
		r.wrong(name, "is %q, not a whole number of %d or more", v, least)
	}
	return n
}

func (r *reader) amount(name string, otherwise float64) float64 {
	v := r.text(name, "")
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		r.wrong(name, "is %q, not a number above zero", v)
	}
	return n
}
