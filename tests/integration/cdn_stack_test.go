//go:build integration

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"sluice/shared/domain/services"
	"sluice/shared/platform/blob"
)

// cdnStackName is the name of the stack. There can be only one, because the names in the template are fixed.
const cdnStackName = "sluice-test-cdn"

// cdn is a CloudFront distribution with its own bucket.
type cdn struct {
	endpoint, host string // endpoint: of the local cloud; host: of the distribution
	bucket         string
	s3             *s3.Client
}

// deployCDN deploys the CDN resources of the template for AWS and removes them after the test. The edge function reads
// store, and its clock stands at now, in Unix seconds.
func deployCDN(t *testing.T, cfg aws.Config, now int64, store map[string]string) cdn {
	t.Helper()
	template := loadCDNTemplate(t)
	function := template.findResource(t, "AWS::CloudFront::Function").Properties
	function["FunctionCode"] = stubKeyValueStore(t, function["FunctionCode"].(string), now, store)
	body, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	removeStack(t, cfg, cdnStackName) // left by a run that was killed
	t.Cleanup(func() { removeStack(t, cfg, cdnStackName) })
	out := map[string]string{}
	for _, o := range createStack(t, cfg, cdnStackName, string(body)).Outputs {
		out[*o.OutputKey] = *o.OutputValue
	}
	c := cdn{
		endpoint: *cfg.BaseEndpoint, host: strings.TrimPrefix(out["CdnUrl"], "https://"),
		bucket: out["MediaBucket"], s3: blob.NewClient(cfg, true),
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		emptyBucket(ctx, t, c.s3, c.bucket)
		if _, err := c.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &c.bucket}); err != nil {
			t.Error(err)
		}
	})
	return c
}

// stubKeyValueStore replaces the import of CloudFront's runtime by a constant store, and the clock by a constant time.
func stubKeyValueStore(t *testing.T, code string, now int64, store map[string]string) string {
	t.Helper()
	const line = "import cf from \"cloudfront\";\n"
	if strings.Count(code, line) != 1 {
		t.Fatalf("the function doesn't say %q once", line)
	}
	items, err := json.Marshal(store)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(code, line, fmt.Sprintf(`const items = new Map(Object.entries(%s));
const cf = { kvs: () => ({ exists: async (key) => items.has(key), get: async (key) => items.get(key) }) };
const Date = { now: () => %d };
`, items, now*1000), 1)
}

// cfnTemplate has the used members of a CloudFormation template.
type cfnTemplate struct {
	Resources map[string]cfnResource
	Outputs   map[string]any
}

type cfnResource struct {
	Type           string
	Properties     map[string]any
	DeletionPolicy string `json:",omitempty"`
}

// findResource returns the first resource of a type.
func (c cfnTemplate) findResource(t *testing.T, typ string) cfnResource {
	t.Helper()
	for _, r := range c.Resources {
		if r.Type == typ {
			return r
		}
	}
	t.Fatalf("there is no %s", typ)
	return cfnResource{}
}

// loadCDNTemplate returns the template for AWS, reduced to the CDN and its bucket.
func loadCDNTemplate(t *testing.T) (c cfnTemplate) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(synthesizeTemplates(t), "Sluice.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(c.Resources, func(id string, _ cfnResource) bool {
		return !strings.HasPrefix(id, "Cdn") && !strings.HasPrefix(id, "DataMedia")
	})
	maps.DeleteFunc(c.Outputs, func(name string, _ any) bool { return name != "CdnUrl" && name != "MediaBucket" })
	return c
}

// synthesizeTemplates synthesizes the templates for AWS with empty functions and returns their folder.
func synthesizeTemplates(t *testing.T) string {
	t.Helper()
	build, out := t.TempDir(), t.TempDir()
	folders := []string{"layer/arm64"}
	for _, s := range services.Map {
		folders = append(folders, "arm64/"+s.Name)
	}
	for _, f := range folders {
		if err := os.MkdirAll(filepath.Join(build, f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(build, f, "bootstrap"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "./infra")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CDK_OUTDIR="+out, fmt.Sprintf(`CDK_CONTEXT_JSON={"build":%q}`, build))
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}
