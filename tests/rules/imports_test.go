// Package rules checks rules about the whole repository: which package may import which, names, the length of files and
// packages, the size of functions, error codes, log calls, and that each promise has a test.
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

const modulePrefix = "sluice/"

type goPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "../../...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
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

func filterModule(paths []string) (out []string) {
	for _, p := range paths {
		if strings.HasPrefix(p, modulePrefix) {
			out = append(out, strings.TrimPrefix(p, modulePrefix))
		}
	}
	return out
}

// layers lists the folders of each layer, by prefix, and the prefixes that its packages may import. The first entry
// that matches a package applies. A package without an entry may import anything.
var layers = []struct {
	folder string
	may    []string
}{
	{"docs", nil},
	{"shared/domain/", []string{"shared/domain/"}},
	{"events", []string{"events", "shared/domain/"}},
	{"shared/platform/", []string{"shared/platform/", "shared/domain/", "events"}},
	{"functions/", []string{"shared/", "events", "docs"}}, // mayImport also allows packages of the same service
	{"infra", []string{"infra", "shared/domain/", "events", "docs"}},
	{"localstack", []string{"localstack", "shared/domain/", "events"}},
}

// mayImport reports whether a package may import another. Both names are without the module's name.
func mayImport(from, to string) bool {
	for _, l := range layers {
		if !within(from, l.folder) {
			continue
		}
		if l.folder == "functions/" && within(to, serviceFolder(from)) {
			return true
		}
		return slices.ContainsFunc(l.may, func(folder string) bool { return within(to, folder) })
	}
	return true
}

// within reports whether a package is folder or lies below it.
func within(name, folder string) bool {
	return name == strings.TrimSuffix(folder, "/") || strings.HasPrefix(name, strings.TrimSuffix(folder, "/")+"/")
}

// serviceFolder returns the folder of the service to which a package below functions/ belongs.
func serviceFolder(name string) string {
	parts := strings.SplitN(name, "/", 3)
	return strings.Join(parts[:2], "/")
}

func TestLayersImportOnlyWhatTheirRuleAllows(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, modulePrefix)
		for _, imp := range filterModule(p.Imports) {
			if !mayImport(name, imp) {
				t.Errorf("%s imports %s", name, imp)
			}
		}
	}
}

func TestMayImportJudgesByLayerAndService(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"shared/domain/video", "shared/domain/errs", true},
		{"shared/domain/video", "shared/platform/store", false},
		{"shared/domain/video", "events", false},
		{"events/examples", "shared/domain/video", true},
		{"shared/platform/queue", "events", true},
		{"shared/platform/queue", "functions/api", false},
		{"functions/api/bootstrap", "functions/api/ingest", true},
		{"functions/api", "functions/admin", false},
		{"functions/api", "infra/costmodel", false},
		{"infra/costmodel", "shared/domain/services", true},
		{"infra", "shared/platform/store", false},
		{"tests/e2e", "infra/costmodel", true},
	} {
		if got := mayImport(tt.from, tt.to); got != tt.want {
			t.Errorf("%s imports %s: allowed %t, want %t", tt.from, tt.to, got, tt.want)
		}
	}
}

// restrictedImports lists prefixes of import paths and the only packages that may import them. A name that ends in /
// stands for all packages below it.
var restrictedImports = map[string][]string{
	"github.com/aws/aws-cdk-go":      {"infra", "infra/subscriber"},
	"github.com/aws/jsii-runtime-go": {"infra", "infra/subscriber"},
	"github.com/aws/aws-xray-sdk-go": {"shared/platform/telemetry/trace", "tests/bench/bare"},
	"github.com/santhosh-tekuri":     {}, // in tests
	"github.com/getkin/kin-openapi":  {"tests/apitest"},
	"sluice/events/examples":         {"functions/api"},
	"code.dny.dev/ssrf":              {"shared/platform/outbound"},
	"os/exec":                        {"shared/platform/ffmpeg", "localstack/", "tests/"},
	"text/template":                  {"infra/costmodel"}, // see TestFunctionBinariesAreSmall
	"html/template":                  {},
	"github.com/aws/aws-sdk-go-v2": {
		"shared/platform/", "infra/preflight", "infra/destroy", "localstack/", "tests/",
	},
	"sluice/tests": {"tests/"},
	"github.com/aws/aws-lambda-go/lambda": {
		"shared/platform/runtime", "shared/platform/runtime/messages", "tests/bench/bare",
	},
}

// TestRestrictedImportsAreUsedOnlyWhereAllowed also checks that the packages in the list use the import.
func TestRestrictedImportsAreUsedOnlyWhereAllowed(t *testing.T) {
	used := map[[2]string]bool{}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, modulePrefix)
		for _, imp := range p.Imports {
			for prefix, who := range restrictedImports {
				if imp != prefix && !strings.HasPrefix(imp, prefix+"/") {
					continue
				}
				i := slices.IndexFunc(who, func(w string) bool {
					return name == w || strings.HasPrefix(name, w) && strings.HasSuffix(w, "/")
				})
				if i < 0 {
					t.Errorf("%s imports %s", name, imp)
					continue
				}
				used[[2]string{prefix, who[i]}] = true
			}
		}
	}
	for prefix, who := range restrictedImports {
		for _, w := range who {
			if !used[[2]string{prefix, w}] {
				t.Errorf("%s may import %s, and does not", w, prefix)
			}
		}
	}
}
