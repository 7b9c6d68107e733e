package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// workDir has the inputs and outputs of the templates. Functions are empty files, so that no test here needs a build.
var workDir string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

// closeRuntime ends the process of jsii and removes its temporary files. With -race it does nothing, because jsii.Close
// has a data race (v1.139.0).
var closeRuntime = func() {}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sluice-infra")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	workDir = dir
	defer closeRuntime()
	return m.Run()
}

// testProducerBuckets is the setting producer_buckets of the tested deployments.
const testProducerBuckets = "acme-masters,other-masters"

// testProducerKey is the setting producer_keys of the tested deployments.
const testProducerKey = "arn:aws:kms:eu-west-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// testCertificate is the setting api_certificate of a tested deployment.
const testCertificate = "arn:aws:acm:eu-west-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"

// testAlarmEmail is the setting alarm_email of the tested deployments.
const testAlarmEmail = "ops@v.example"

// templates are the templates of the tested deployments. The CDK takes seconds to make them and is not safe for
// concurrent use, so they are made one after the other and shared. No test may change them.
var templates = sync.OnceValue(func() map[string]template {
	makeAssets()
	build := filepath.Join(workDir, "build")
	return map[string]template{
		"aws": synthesize(map[string]any{
			"build": build, "producers": "210987654321", "producer_buckets": testProducerBuckets,
			"producer_keys": testProducerKey, "alarm_email": testAlarmEmail,
		}),
		"local": synthesize(map[string]any{
			"build": build, "cloud": "local", "arch": "amd64", "ffmpeg_dir": "/tools", "producers": "210987654321",
			"public_url": "http://127.0.0.1:4566/restapis/sluice/prod/_user_request_", "concurrency": "30",
			"producer_buckets": testProducerBuckets, "producer_keys": testProducerKey, "fetch_ca": "/ca.pem",
			"xray_daemon": "127.0.0.1:2000", "xray_api": "http://127.0.0.1:2001",
		}),
		"account": synthesize(map[string]any{
			"build": build, "gateway_log_role": "existing", "waf_arn": testWebACL, "api_domain": "video.example",
			"api_certificate": testCertificate, "monthly_budget": "100",
		}),
		"no cdn": synthesize(map[string]any{
			"build": build, "cdn": "false", "cors_origins": "https://app.example",
		}),
		"staging": synthesize(map[string]any{"build": build, "name": "staging"}),
		"few": synthesize(map[string]any{
			"build": build, "cloud": "local", "ffmpeg_dir": "/tools", "cors_origins": "https://app.example",
		}),
	}
})

func awsTemplate() template           { return templates()["aws"] }
func localTemplate() template         { return templates()["local"] }
func sharedAccountTemplate() template { return templates()["account"] } // of an account that has other deployments
func noCDNTemplate() template         { return templates()["no cdn"] }  // and only pages of one origin may use it
func stagingTemplate() template       { return templates()["staging"] }
func singleOriginTemplate() template  { return templates()["few"] } // only pages of one origin may use it

// synthesize returns the template of the stack with context values. For the deployment on AWS with a CDN and without a
// name it also runs cdk-nag and returns its verdicts.
func synthesize(context map[string]any) template {
	set, err := readSettings(func(name string) any { return context[name] })
	must(err)
	out, err := os.MkdirTemp(workDir, "out")
	must(err)
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(out), AnalyticsReporting: jsii.Bool(false)})
	stack := newStack(app, set)
	checked := !set.local && set.name == "" && set.cdn
	if checked {
		addNagChecks(app)
	}
	app.Synth(nil)
	b, err := os.ReadFile(filepath.Join(out, *stack.TemplateFile()))
	must(err)
	t := template{set: set}
	must(json.Unmarshal(b, &t))
	if checked {
		t.Verdicts = map[string][]nagVerdict{
			testedStack: readVerdicts(out, testedStack), unsafeStack: readVerdicts(out, unsafeStack),
		}
	}
	seen := map[string]string{}
	for id := range t.Resources {
		if other, twice := seen[trimHash(id)]; twice {
			panic(fmt.Sprintf("%s and %s look the same here", id, other))
		}
		seen[trimHash(id)] = id
	}
	return t
}

func makeAssets() {
	for _, arch := range []string{"amd64", "arm64"} {
		folders := []string{filepath.Join("layer", arch)}
		for _, s := range services.Map {
			folders = append(folders, filepath.Join(arch, s.Name))
		}
		for _, f := range folders {
			f = filepath.Join(workDir, "build", f)
			must(os.MkdirAll(f, 0o755))
			must(os.WriteFile(filepath.Join(f, "bootstrap"), []byte(f), 0o755))
		}
	}
}

// must panics on an error before there is a test that could fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// checkGolden compares got with a file in testdata, or rewrites the file with -update.
func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := diffLines(string(want), got); d != "" {
		t.Errorf("%s is not current; if the change is intended, run the test with -update\n%s", file, d)
	}
}

// diffLines lists the lines that only one of the texts has.
func diffLines(want, got string) string {
	var d strings.Builder
	only := func(mark, a, b string) {
		in := strings.Split(b, "\n")
		for line := range strings.SplitSeq(a, "\n") {
			if !slices.Contains(in, line) {
				fmt.Fprintln(&d, mark, line)
			}
		}
	}
	only("-", want, got)
	only("+", got, want)
	return d.String()
}
