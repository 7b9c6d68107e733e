package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"sluice/shared/domain/services"
)

// allowedDifferences are all differences between a local deployment and one on AWS: patterns of "logical id property".
var allowedDifferences = []struct{ where, why string }{
	{"*Function Code.*", "it is built for this machine"},
	{"*Function Architectures.0", "it runs on this machine"},
	{"*Function TracingConfig.Mode", "there is no X-Ray, and the emulator's own trace ids would hide ours"},
	{"*Function Layers.0", "there are no layers"},
	{"FfmpegLayer *", "there are no layers"},
	{"*Function Environment.Variables." + services.EnvFFmpegDir, "there are no layers"},
	{"*Function Environment.Variables." + services.EnvPublicURL, "the emulator's addresses are not the request's"},
	{"*Function Environment.Variables." + services.EnvFetchCA, "tests have servers on this machine"},
	{"*Function Environment.Variables." + services.EnvXRayDaemon, "there is no X-Ray: something of ours stands for it"},
	{
		"*Function Environment.Variables." + services.EnvXRayEndpoint,
		"there is no X-Ray: something of ours stands for it",
	},
	{"*Function Environment.Variables." + services.EnvS3PathStyle, "bucket names are no host names"},
	{"Sampling* *", "there is no X-Ray: everything is recorded"},
	{"Cdn* *", "there is no CDN: the function play lets viewers in"},
	{"GatewayApip *", "there is no CDN: the function play lets viewers in"},
	{"GatewayApiptoken* *", "there is no CDN: the function play lets viewers in"},
	{"GatewayApiDeploymentStageprod MethodSettings.*", "there is one route more, so the others have other places"},
	{
		"ReconcileFunction Environment.Variables." + services.EnvCDNStore,
		"there is no CDN: the function play lets viewers in",
	},
	{
		"ReconcileFunction Environment.Variables." + services.EnvCDNDistribution,
		"there is no CDN: the function play lets viewers in",
	},
	{"ReconcileRole Policies.0.PolicyDocument.Statement.1*", "there is no CDN whose deny list to write"},
	{"PlaybackKey Value", "nobody changes an emulator's key"},
	{
		"*Function Environment.Variables." + services.EnvPlaybackURL,
		"there is no CDN: the function play lets viewers in",
	},
	{"StudioFunction Environment.Variables." + services.EnvUploadURL, "there is one address for all"},
	{"DataMediaPolicy PolicyDocument.Statement.[12].*", "there is no CDN to let in"},
	{"*Function Environment.Variables." + services.EnvInFlightLimit, "this machine has its own number of cores"},
	{"*InboxFeed ScalingConfig.MaximumConcurrency", "this machine has its own number of cores"},
	{"*Function Environment.Variables." + services.EnvConcurrency, "this machine has its own number of cores"},
	{"Data* DeletionPolicy", "it goes with the emulator"},
	{"DataTable DeletionProtectionEnabled", "it goes with the emulator"},
	{"GatewayApi Tags.*", "the emulator takes the API's id from it"},
	{"GatewayApiCloudWatchRole *", "the emulator needs no role to log"},
	{"GatewayApiAccount *", "the emulator needs no role to log"},
	{"GatewayAuthorizer AuthorizerResultTtlInSeconds", "a test sees a revoked token at once"},
	{"*EventInvokeConfig *", "the emulator is never short of invocations"},
	{"*Errors *", "no line of the emulator's says how an invocation ended"},
	{"AlarmsTopicopsvexample* *", "nobody is written to"},
	{"Dashboard *", "nobody looks at an emulator's dashboard, where it has one"},
	{"ApiUrl Value*", "the emulator has its own way to an API"},
}

func TestLocalTemplateDiffersFromAWSAsListedOnly(t *testing.T) {
	t.Parallel()
	aws, local := flattenTemplate(awsTemplate()), flattenTemplate(localTemplate())
	used := map[string]bool{}
	names := maps.Clone(aws)
	maps.Copy(names, local)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if aws[name] == local[name] {
			continue
		}
		if way := findDifference(name); way != "" {
			used[way] = true
			continue
		}
		t.Errorf("%s: %q on AWS, %q locally", name, aws[name], local[name])
	}
	for _, d := range allowedDifferences {
		if !used[d.where] {
			t.Errorf("%s is listed, but there is no such difference", d.where)
		}
	}
}

func findDifference(name string) string {
	for _, d := range allowedDifferences {
		if ok, _ := path.Match(d.where, name); ok {
			return d.where
		}
	}
	return ""
}

// flattenTemplate returns the leaves of a template: a value by "logical id property.property".
func flattenTemplate(t template) map[string]string {
	leaves := map[string]string{}
	for id, r := range t.Resources {
		leaves[trimHash(id)+" Type"] = r.Type
		leaves[trimHash(id)+" DeletionPolicy"] = r.DeletionPolicy
		flattenValue(trimHash(id)+" ", r.Properties, leaves)
	}
	for name, o := range t.Outputs {
		leaves[name+" Value"] = renderValue(o.Value)
	}
	return leaves
}

func flattenValue(name string, v any, leaves map[string]string) {
	dot := func(part string) string {
		if strings.HasSuffix(name, " ") {
			return name + part
		}
		return name + "." + part
	}
	switch v := v.(type) {
	case map[string]any:
		if s := renderValue(v); !strings.HasPrefix(s, "{") {
			leaves[name] = s // a reference
			return
		}
		for part, inner := range v {
			flattenValue(dot(part), inner, leaves)
		}
	case []any:
		for i, inner := range v {
			flattenValue(dot(fmt.Sprint(i)), inner, leaves)
		}
	default:
		leaves[name] = fmt.Sprint(v)
	}
}

func TestLocalSettingsReachTheFunctions(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		vars, _ := localTemplate().functionOf(t, s.Name).property("Environment", "Variables").(map[string]any)
		stores := slices.ContainsFunc(s.Permissions, func(r services.Permission) bool {
			return r.Resource == services.SourceBucket || r.Resource == services.MediaBucket
		})
		for name, want := range map[string]any{
			services.EnvFFmpegDir: valueIf(s.Layer != "", "/tools"),
			services.EnvPublicURL: valueIf(
				len(s.Routes) > 0, "http://127.0.0.1:4566/restapis/sluice/prod/_user_request_",
			),
			services.EnvS3PathStyle:  valueIf(stores, "true"),
			services.EnvXRayDaemon:   "127.0.0.1:2000",
			services.EnvXRayEndpoint: valueIf(s.Name == "observe", "http://127.0.0.1:2001"),
		} {
			if vars[name] != want {
				t.Errorf("%s: %s is %v, not %v", s.Name, name, vars[name], want)
			}
		}
	}
	encode := localTemplate().resourcesOfType("Lambda::EventSourceMapping")["EncodeInboxFeed"]
	want, _ := settings{concurrency: 30}.initialWorkers("encode")
	if got := encode.property("ScalingConfig", "MaximumConcurrency"); got != float64(want) {
		t.Errorf("encode has %v workers", got)
	}
}

// valueIf returns the value if it is expected, else nil.
func valueIf(should bool, value string) any {
	if should {
		return value
	}
	return nil
}
