package main

import (
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

func TestReadSettings(t *testing.T) {
	t.Parallel()
	standard := settings{
		arch: "arm64", buildDir: "build", concurrency: services.MinConcurrency(), throttles: throttlesOf(200, 400),
		corsOrigins: []string{"*"}, dollarsPerHour: 5, dashboard: true, cdn: true,
	}
	tests := []struct {
		name    string
		context map[string]any
		want    func(*settings)
	}{
		{"nothing said", nil, func(*settings) {}},
		{"another architecture", map[string]any{"arch": "amd64"}, func(s *settings) { s.arch = "amd64" }},
		{"local is of this machine", map[string]any{"cloud": "local", "ffmpeg_dir": "/t"}, func(s *settings) {
			s.local, s.ffmpegDir, s.arch, s.dashboard, s.cdn = true, "/t", runtime.GOARCH, false, false
		}},
		{"local for another", map[string]any{"cloud": "local", "ffmpeg_dir": "/t", "arch": "arm64"}, func(s *settings) {
			s.local, s.ffmpegDir, s.dashboard, s.cdn = true, "/t", false, false
		}},
		{
			"numbers from the command line", map[string]any{"concurrency": "100", "rate": "5", "burst": "7"},
			func(s *settings) {
				s.concurrency, s.throttles = 100, throttlesOf(5, 7)
			},
		},
		{
			"limits of classes", map[string]any{"open_rate": "3", "open_burst": 4.0, "operator_rate": "5"},
			func(s *settings) {
				s.throttles = throttlesOf(200, 400)
				s.throttles["open"], s.throttles["operator"] = throttle{3, 4}, throttle{5, 100}
			},
		},
		{"a web ACL", map[string]any{"waf_arn": testWebACL}, func(s *settings) { s.wafARN = testWebACL }},
		{"provisioned pollers", map[string]any{"provisioned": "encode,encode-bulk"}, func(s *settings) {
			s.provisioned, s.concurrency = []string{"encode", "encode-bulk"}, services.MinConcurrency()+36
		}},
		{"numbers from cdk.json", map[string]any{"concurrency": 1e6}, func(s *settings) { s.concurrency = 1000000 }},
		{"no slash after the public URL", map[string]any{"public_url": "https://v.example/"}, func(s *settings) {
			s.publicURL = "https://v.example"
		}},
		{"the account's role for logs", map[string]any{"gateway_log_role": "existing"}, func(s *settings) {
			s.keepLogRole = true
		}},
		{"a name", map[string]any{"name": "staging"}, func(s *settings) { s.name = "staging" }},
		{"no CDN", map[string]any{"cdn": "false"}, func(s *settings) { s.cdn = false }},
		{
			"a name for the API", map[string]any{"api_domain": "v.example", "api_certificate": "arn:c"},
			func(s *settings) {
				s.apiDomain, s.apiCertificate, s.publicURL = "v.example", "arn:c", "https://v.example"
			},
		},
		{
			"a name for the API behind another one", map[string]any{
				"api_domain": "v.example", "api_certificate": "arn:c", "public_url": "https://front.example/",
			}, func(s *settings) {
				s.apiDomain, s.apiCertificate, s.publicURL = "v.example", "arn:c", "https://front.example"
			},
		},
		{
			"a name for the CDN", map[string]any{"cdn_domain": "v.example", "cdn_certificate": "arn:c"},
			func(s *settings) {
				s.cdnDomain, s.cdnCertificate = "v.example", "arn:c"
			},
		},
		{"originals for a while", map[string]any{"keep_originals": "15"}, func(s *settings) {
			s.keepOriginalsDays = 15
		}},
		{"producers' buckets", map[string]any{"producer_buckets": "acme-masters, other.masters"}, func(s *settings) {
			s.producerBuckets = []string{"acme-masters", "other.masters"}
		}},
		{"producers' keys", map[string]any{
			"producer_buckets": "acme-masters", "producer_keys": testProducerKey,
		}, func(s *settings) {
			s.producerBuckets, s.producerKeys = []string{"acme-masters"}, []string{testProducerKey}
		}},
		{
			"alarms", map[string]any{"alarm_email": "ops@v.example", "dollars_per_hour": "0.5", "dashboard": "false"},
			func(s *settings) {
				s.alarmEmail, s.dollarsPerHour, s.dashboard = "ops@v.example", 0.5, false
			},
		},
		{"a budget", map[string]any{"monthly_budget": "99.5"}, func(s *settings) { s.monthlyBudget = 99.5 }},
		{"origins", map[string]any{"cors_origins": "https://a.example, https://b.example"}, func(s *settings) {
			s.corsOrigins = []string{"https://a.example", "https://b.example"}
		}},
		{
			"producers", map[string]any{"producers": "210987654321, arn:aws:iam::210987654321:role/archive"},
			func(s *settings) {
				s.producerPrincipals = []string{"210987654321", "arn:aws:iam::210987654321:role/archive"}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := standard
			tt.want(&want)
			got, err := readSettings(func(name string) any { return tt.context[name] })
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, cmp.AllowUnexported(settings{}, throttle{})); d != "" {
				t.Errorf("settings (-want +got):\n%s", d)
			}
		})
	}
}

const testWebACL = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/sluice/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"

// throttlesOf returns the standard limits of the classes, but for that of tokens.
func throttlesOf(rate, burst int) map[string]throttle {
	return map[string]throttle{"token": {rate, burst}, "open": {200, 400}, "operator": {50, 100}}
}

func TestReadSettingsNamesEachWrongValue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		context map[string]any
		want    []string
	}{
		{"cloud", map[string]any{"cloud": "lokal"}, []string{`cloud is "lokal"`}},
		{"architecture", map[string]any{"arch": "x86_64"}, []string{"arch"}},
		{
			"a bucket of ours", map[string]any{"producer_buckets": "acme-masters,sluice-datasource1-x"},
			[]string{`producer_buckets has "sluice-datasource1-x"`},
		},
		{
			"a bucket by its ARN", map[string]any{"producer_buckets": "arn:aws:s3:::acme-masters"},
			[]string{"producer_buckets"},
		},
		{
			"a key by its alias", map[string]any{"producer_keys": "arn:aws:kms:eu-west-1:210987654321:alias/masters"},
			[]string{"producer_keys"},
		},
		{
			"all keys of an account", map[string]any{"producer_keys": "arn:aws:kms:eu-west-1:210987654321:key/*"},
			[]string{"producer_keys"},
		},
		{"a key of no bucket", map[string]any{"producer_keys": testProducerKey}, []string{"producer_keys are of"}},
		{"servers on this machine, on AWS", map[string]any{"fetch_ca": "/ca.pem"}, []string{"fetch_ca"}},
		{"a daemon on AWS", map[string]any{"xray_daemon": "127.0.0.1:2000"}, []string{"xray_daemon"}},
		{"another X-Ray on AWS", map[string]any{"xray_api": "http://127.0.0.1:2001"}, []string{"xray_api"}},
		{"local without tools", map[string]any{"cloud": "local"}, []string{"ffmpeg_dir"}},
		{
			"a role for logs by its ARN", map[string]any{"gateway_log_role": "arn:aws:iam::123456789012:role/logs"},
			[]string{"gateway_log_role"},
		},
		{
			"a certificate without a name", map[string]any{"api_certificate": "arn:c"},
			[]string{"api_domain and api_certificate"},
		},
		{
			"a URL for a name", map[string]any{"api_domain": "https://v.example", "api_certificate": "arn:c"},
			[]string{`api_domain is "https://v.example"`},
		},
		{
			"a name for an emulator",
			map[string]any{"cloud": "local", "ffmpeg_dir": "/t", "api_domain": "v.example", "api_certificate": "arn:c"},
			[]string{"api_domain"},
		},
		{
			"a name without a certificate", map[string]any{"cdn_domain": "v.example"},
			[]string{"cdn_domain and cdn_certificate"},
		},
		{
			"a name for no CDN", map[string]any{"cdn": "false", "cdn_domain": "v.example", "cdn_certificate": "arn:c"},
			[]string{"cdn_domain"},
		},
		{"a name that X-Ray has no room for", map[string]any{"name": "production1"}, []string{"name"}},
		{"a name with a hyphen", map[string]any{"name": "eu-1"}, []string{"name"}},
		{"half a CDN", map[string]any{"cdn": "some"}, []string{"cdn"}},
		{
			"concurrency below what Lambda takes",
			map[string]any{"concurrency": float64(services.MinConcurrency() - 1)}, []string{"concurrency"},
		},
		{
			"concurrency below what pollers make",
			map[string]any{"concurrency": float64(services.MinConcurrency() + 17), "provisioned": "encode"},
			[]string{"concurrency"},
		},
		{"pollers of no queue", map[string]any{"provisioned": "encode bulk"}, []string{`provisioned has "bulk"`}},
		{"originals shorter than dead letters", map[string]any{"keep_originals": "14"}, []string{"keep_originals"}},
		{"nobody's address", map[string]any{"alarm_email": "ops"}, []string{`alarm_email is "ops"`}},
		{"an alarm each hour", map[string]any{"dollars_per_hour": "0"}, []string{"dollars_per_hour"}},
		{"dollars without an end", map[string]any{"dollars_per_hour": "+Inf"}, []string{"dollars_per_hour"}},
		{"a budget of nothing", map[string]any{"monthly_budget": "0"}, []string{"monthly_budget"}},
		{
			"a local budget", map[string]any{"cloud": "local", "ffmpeg_dir": "/t", "monthly_budget": "1"},
			[]string{"monthly_budget"},
		},
		{"half a dashboard", map[string]any{"dashboard": "some"}, []string{"dashboard"}},
		{"no number", map[string]any{"rate": "many"}, []string{`rate is "many"`}},
		{"part of a number", map[string]any{"burst": 1.5}, []string{"burst"}},
		{
			"no requests", map[string]any{"open_rate": "0", "operator_burst": "-1"},
			[]string{"open_rate", "operator_burst"},
		},
		{
			"a web ACL of CloudFront", map[string]any{"waf_arn": strings.Replace(testWebACL, "regional", "global", 1)},
			[]string{"waf_arn"},
		},
		{
			"a local web ACL", map[string]any{"cloud": "local", "ffmpeg_dir": "/t", "waf_arn": testWebACL},
			[]string{"waf_arn"},
		},
		{"another kind of value", map[string]any{"build": true}, []string{"build is a bool"}},
		{"everybody as a producer", map[string]any{"producers": "210987654321,*"}, []string{`producers has "*"`}},
		{"all of them", map[string]any{"arch": "z80", "rate": "0"}, []string{"arch", "rate"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readSettings(func(name string) any { return tt.context[name] })
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), "context "+want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
		})
	}
}
