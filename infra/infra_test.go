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

// work holds the folders that templates are made from and in. Functions are empty files: no test here needs a build.
var work string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(tests(m))
}

// closeRuntime ends the process of jsii and removes its temporary files. With -race it leaves them: Close races with
// itself (v1.139.0).
var closeRuntime = func() {}

func tests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sluice-infra")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	work = dir
	defer closeRuntime()
	return m.Run()
}

// masters are the buckets that may be fetched from in the deployments that the tests look at.
const masters = "acme-masters,other-masters"

// operators is whom the alarms write to.
const operators = "ops@v.example"

// templates are those of the deployments that the tests look at. The CDK takes seconds to make them and is not for two
// goroutines at once, so they are made one after the other and shared; no test may change them.
var templates = sync.OnceValue(func() map[string]template {
	makeAssets()
	build := filepath.Join(work, "build")
	return map[string]template{
		"aws": synth(map[string]any{"build": build, "producers": "210987654321", "producer_buckets": masters, "alarm_email": operators}),
		"local": synth(map[string]any{
			"build": build, "cloud": "local", "arch": "amd64", "ffmpeg_dir": "/tools", "producers": "210987654321",
			"public_url": "http://127.0.0.1:4566/restapis/sluice/prod/_user_request_", "concurrency": "30",
			"producer_buckets": masters, "fetch_ca": "/ca.pem", "xray_daemon": "127.0.0.1:2000", "xray_api": "http://127.0.0.1:2001",
		}),
		"few": synth(map[string]any{"build": build, "cloud": "local", "ffmpeg_dir": "/tools", "cors_origins": "https://app.example"}),
	}
})

func onAWS() template   { return templates()["aws"] }
func onLocal() template { return templates()["local"] }
func onFew() template   { return templates()["few"] } // lets in the pages of one origin

// synth returns the template of the stack with these context values. Of one for AWS it has cdk-nag's verdicts too: the
// same synthesis serves both.
func synth(context map[string]any) template {
	set, err := readSettings(func(name string) any { return context[name] })
	must(err)
	out, err := os.MkdirTemp(work, "out")
	must(err)
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(out), AnalyticsReporting: jsii.Bool(false)})
	stack := newStack(app, set)
	if !set.local {
		inspect(app)
	}
	app.Synth(nil)
	b, err := os.ReadFile(filepath.Join(out, *stack.TemplateFile()))
	must(err)
	var t template
	must(json.Unmarshal(b, &t))
	if !set.local {
		t.Verdicts = map[string][]verdict{stackName: verdicts(out, stackName), unsafe: verdicts(out, unsafe)}
	}
	seen := map[string]string{}
	for id := range t.Resources {
		if other, twice := seen[plain(id)]; twice {
			panic(fmt.Sprintf("%s and %s look the same here", id, other))
		}
		seen[plain(id)] = id
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
			f = filepath.Join(work, "build", f)
			must(os.MkdirAll(f, 0o755))
			must(os.WriteFile(filepath.Join(f, "bootstrap"), []byte(f), 0o755))
		}
	}
}

// must is for what the tests need before there is a test to fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
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
	if d := diff(string(want), got); d != "" {
		t.Errorf("%s is no longer so; if that is right, run the test with -update\n%s", file, d)
	}
}

// diff lists the lines that only one of the two has.
func diff(want, got string) string {
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
