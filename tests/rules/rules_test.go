// Package rules holds the direction in which packages may depend on each other.
package rules

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "sluice/"

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", "../../...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 20 {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}

func ours(paths []string) (out []string) {
	for _, p := range paths {
		if strings.HasPrefix(p, module) {
			out = append(out, strings.TrimPrefix(p, module))
		}
	}
	return out
}

// may lists, for packages that must stay narrow, all of ours that they may depend on, directly or not.
var may = map[string][]string{
	"shared/domain/video":               {},
	"shared/domain/services":            {},
	"shared/domain/scaling":             {},
	"docs":                              {},
	"shared/domain/traceview":           {},
	"shared/platform/telemetry/xray":    {"shared/domain/video", "shared/domain/traceview"},
	"events":                            {"shared/domain/video"},
	"shared/domain/media":               {"shared/domain/video"},
	"shared/platform/ffmpeg":            {"shared/domain/video"},
	"shared/domain/playback":            {"shared/domain/video", "shared/domain/services"},
	"shared/platform/store":             {"shared/domain/video", "shared/domain/services", "shared/domain/scaling"},
	"shared/platform/autoscale":         {"shared/domain/video"},
	"shared/platform/blob":              {"shared/domain/video"},
	"shared/platform/telemetry/trace":   {"shared/domain/video"},
	"shared/platform/telemetry/logs":    {},
	"shared/platform/telemetry/metrics": {},
	"shared/platform/outbound":          {"shared/domain/video"},
	"shared/fetch":                      {"shared/domain/video", "shared/domain/services", "shared/platform/blob", "events"},
	"shared/platform/queue":             {"shared/domain/video", "shared/domain/services", "events", "shared/platform/telemetry/metrics"},
	"shared/api":                        {"shared/domain/video", "shared/domain/services", "events", "shared/domain/playback", "shared/intake", "shared/platform/telemetry/metrics", "shared/domain/scaling", "shared/domain/traceview"},
	"infra":                             {"shared/domain/video", "shared/domain/services", "shared/domain/scaling", "shared/platform/autoscale", "shared/platform/telemetry/metrics", "events"},
	"infra/preflight":                   {"shared/domain/services"},
	"infra/destroy":                     {},
	"infra/bill":                        {"shared/domain/video", "shared/domain/services", "shared/domain/media", "shared/platform/telemetry/metrics"},
}

func TestNarrowPackagesStayNarrow(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, narrow := may[name]
		if !narrow {
			continue
		}
		seen[name] = true
		for _, dep := range ours(p.Deps) {
			if !slices.Contains(allowed, dep) {
				t.Errorf("%s depends on %s", name, dep)
			}
		}
		for _, dep := range allowed {
			if !slices.Contains(p.Deps, module+dep) {
				t.Errorf("%s may depend on %s, and does not", name, dep)
			}
		}
	}
	for name := range may {
		if !seen[name] {
			t.Errorf("%s is ruled but not there", name)
		}
	}
}

// alone lists who may import what others must not: path prefixes and the folders that may.
var alone = map[string][]string{
	"github.com/aws/aws-cdk-go":           {"infra", "infra/subscriber"},
	"github.com/aws/jsii-runtime-go":      {"infra", "infra/subscriber"},
	"github.com/aws/aws-xray-sdk-go":      {"shared/platform/telemetry/trace"},
	"github.com/santhosh-tekuri":          {"events"},
	"github.com/getkin/kin-openapi":       {},
	"sluice/events/examples":              {},
	"code.dny.dev/ssrf":                   {"shared/platform/outbound"},
	"sluice/shared/platform/outbound":     {"shared/platform/runtime", "functions/api"},
	"os/exec":                             {"shared/platform/ffmpeg", "localstack/", "tests/"},
	"text/template":                       {"infra/bill"}, // see TestFunctionsAreSmall
	"html/template":                       {},
	"github.com/aws/aws-sdk-go-v2":        {"shared/platform/blob", "shared/platform/store", "shared/platform/queue", "shared/platform/queue/", "shared/platform/autoscale", "shared/platform/autoscale", "shared/platform/telemetry/trace", "shared/platform/telemetry/xray", "shared/platform/runtime", "functions/play", "infra/preflight", "infra/destroy", "localstack/", "tests/"},
	"sluice/functions":                    {},
	"sluice/infra":                        {"infra/"},
	"sluice/localstack":                   {"localstack", "localstack/", "tests/"},
	"sluice/tests":                        {"tests/"},
	"github.com/aws/aws-lambda-go/lambda": {"shared/platform/runtime", "functions/authorize"},
}

// TestSomeImportsAreForFewOnly: and those few do import them.
func TestSomeImportsAreForFewOnly(t *testing.T) {
	used := map[[2]string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			for prefix, who := range alone {
				if imp != prefix && !strings.HasPrefix(imp, prefix+"/") {
					continue
				}
				i := slices.IndexFunc(who, func(w string) bool { return name == w || strings.HasPrefix(name, w) && strings.HasSuffix(w, "/") })
				if i < 0 {
					t.Errorf("%s imports %s", name, imp)
					continue
				}
				used[[2]string{prefix, who[i]}] = true
			}
		}
	}
	for prefix, who := range alone {
		for _, w := range who {
			if !used[[2]string{prefix, w}] {
				t.Errorf("%s may import %s, and does not", w, prefix)
			}
		}
	}
}
