package main

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unnamedProperties are properties that end in Name and are not the name of a resource of the account: their names are
// unique within another resource, or refer to something.
var unnamedProperties = []string{
	"ApiGateway::Authorizer Name", "ApiGateway::Stage StageName", "DynamoDB::Table AttributeName",
	"DynamoDB::Table IndexName", "CloudWatch::Alarm MetricName", "Logs::MetricFilter MetricName",
	"XRay::SamplingRule ServiceName", "IAM::Role PolicyName", "S3::Bucket Name", "CloudWatch::Alarm Name",
	"CloudFront::Distribution DomainName",
}

// listPhysicalNames returns the names that a template gives resources in a region, as "scope type name". The scope is
// the region or, where names are unique in the whole account, global. Names that CloudFormation makes up begin with the
// stack's.
func listPhysicalNames(t template, region string) (names []string) {
	names = append(names, region+" CloudFormation::Stack "+t.set.buildStackName())
	for _, r := range t.Resources {
		typ, scope := strings.TrimPrefix(r.Type, "AWS::"), region
		if slices.ContainsFunc([]string{"CloudFront::", "IAM::", "S3::"}, func(global string) bool {
			return strings.HasPrefix(typ, global)
		}) {
			scope = "global"
		}
		walkProperties(r.Properties, func(key string, v any) {
			if !strings.HasSuffix(key, "Name") || slices.Contains(unnamedProperties, typ+" "+key) || isReference(v) {
				return
			}
			names = append(names, scope+" "+typ+" "+strings.ReplaceAll(renderValue(v), "AWS::Region", region))
		})
	}
	return names
}

func walkProperties(v any, visit func(key string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			visit(key, inner)
			walkProperties(inner, visit)
		}
	case []any:
		for _, inner := range v {
			walkProperties(inner, visit)
		}
	}
}

// isReference reports whether a value refers to another resource.
func isReference(v any) bool {
	m, _ := v.(map[string]any)
	return m["Ref"] != nil || m["Fn::GetAtt"] != nil
}

func TestDeploymentsShareNoPhysicalName(t *testing.T) {
	t.Parallel()
	taken := map[string]string{}
	for _, in := range []template{awsTemplate(), stagingTemplate()} {
		for _, region := range []string{"eu-west-1", "us-east-1"} {
			all := listPhysicalNames(in, region)
			if len(all) < 60 {
				t.Errorf("only %d names", len(all))
			}
			for _, name := range all {
				if other := taken[name]; other != "" {
					t.Errorf("%s is in %s and in %s %s", name, other, in.set.buildStackName(), region)
				}
				taken[name] = in.set.buildStackName() + " " + region
			}
		}
	}
	for _, out := range stagingTemplate().Outputs {
		if out.Export != nil {
			t.Errorf("an export: %v", out.Export)
		}
	}
}

// Whatever has the prefix of Sluice's names in a deployment with a name has the name too: no alarm, widget, permission
// or variable refers to another deployment.
func TestNamedDeploymentRefersToItselfOnly(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(stagingTemplate().Resources)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(
		`[^"]{0,40}\bsluice([-/][a-z]|\\?")[^"]{0,20}`,
	).FindAllString(string(text), -1) {
		if !strings.Contains(found, "sluice-staging") {
			t.Errorf("…%s…", found)
		}
	}
	if n := strings.Count(string(text), "sluice-staging"); n < 60 {
		t.Errorf("the name is in %d places", n)
	}
	namespaces := map[any]bool{}
	walkProperties(collectProperties(stagingTemplate()), func(key string, v any) {
		if key == "Namespace" || key == "MetricNamespace" {
			namespaces[v] = true
		}
	})
	if namespaces["Sluice"] || !namespaces["Sluice-staging"] {
		t.Errorf("metrics are read from %v", slices.Collect(maps.Keys(namespaces)))
	}
}

func collectProperties(t template) map[string]any {
	all := map[string]any{}
	for id, r := range t.Resources {
		all[id] = r.Properties
	}
	return all
}
