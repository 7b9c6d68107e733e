package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

func TestFunctionsMatchTheServiceMap(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			got := maps.Clone(awsTemplate().functionOf(t, s.Name).Properties)
			for _, elsewhere := range []string{"Code", "Environment", "Layers", "LoggingConfig", "Role"} {
				delete(got, elsewhere)
			}
			want := map[string]any{
				"FunctionName":     "sluice-" + s.Name,
				"Runtime":          "provided.al2023",
				"Handler":          "bootstrap",
				"Architectures":    []any{"arm64"},
				"MemorySize":       float64(s.Memory),
				"Timeout":          s.Timeout.Seconds(),
				"EphemeralStorage": map[string]any{"Size": float64(max(s.Disk, 512))},
				"TracingConfig":    map[string]any{"Mode": "Active"},
				"RecursiveLoop":    map[bool]any{true: "Allow", false: "Terminate"}[s.AllowsRecursion()],
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("properties (-want +got):\n%s", d)
			}
		})
	}
}

func TestScheduledFunctionsAreNotRetriedByLambda(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range awsTemplate().resourcesOfType("Lambda::EventInvokeConfig") {
		got = append(got, renderValue(c.property("FunctionName")))
		if c.property("MaximumRetryAttempts") != 0.0 || c.property("MaximumEventAgeInSeconds") != 60.0 {
			t.Errorf("%v", c.Properties)
		}
	}
	var want []string
	for _, s := range services.Map {
		if s.Interval > 0 {
			want = append(want, services.PascalCase(s.Name)+"Function")
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("functions (-want +got):\n%s", d)
	}
}

func TestStackHasNoOtherFunctions(t *testing.T) {
	t.Parallel()
	if got := len(awsTemplate().resourcesOfType("Lambda::Function")); got != len(services.Map) {
		t.Errorf("%d functions for %d services: is there a custom resource?", got, len(services.Map))
	}
}

func TestFunctionsLogIntoTheirOwnGroup(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			f := awsTemplate().functionOf(t, s.Name)
			if got := f.property("LoggingConfig", "LogFormat"); got != "JSON" {
				t.Errorf("format %v", got)
			}
			group := awsTemplate().resourcesOfType("Logs::LogGroup")[renderValue(f.property(
				"LoggingConfig", "LogGroup",
			))]
			want := map[string]any{"LogGroupName": "/sluice/" + s.Name, "RetentionInDays": 30.0}
			if d := cmp.Diff(want, group.Properties); d != "" {
				t.Errorf("group (-want +got):\n%s", d)
			}
		})
	}
}

func TestFunctionLayersMatchTheServiceMap(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		var want []string
		if s.Layer != "" {
			want = []string{services.PascalCase(s.Layer) + "Layer"}
		}
		var got []string
		if layers := awsTemplate().functionOf(t, s.Name).property("Layers"); layers != nil {
			for _, l := range toList(layers) {
				got = append(got, renderValue(l))
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", s.Name, d)
		}
	}
}

// expectedValue returns the resource, or the value, that a variable has to have.
func expectedValue(name string) string {
	for _, q := range services.ListQueues() {
		switch name {
		case services.EnvQueueURL(q.Name):
			return services.PascalCase(q.Name) + "InboxQueue"
		case services.EnvEventSourceMapping(q.Name):
			return services.PascalCase(q.Name) + "InboxFeed"
		case services.EnvDeadLetterQueueURL(q.Service):
			return services.PascalCase(q.Service) + "InboxDead"
		}
	}
	return map[string]string{
		services.EnvTable: "DataTable", services.EnvSourceBucket: "DataSource", services.EnvMediaBucket: "DataMedia",
		services.EnvPlaybackURL: "https://CdnDistribution", services.EnvUploadURL: "https://DataSource",
		services.EnvInFlightLimit: strconv.Itoa(services.ComputeInFlightLimit(4)),
		services.EnvTopicARN:      "DataFacts", services.EnvPlaybackKey: "DataPlaybackKey",
		services.EnvFFmpegDir:                 "/opt/bin",
		services.EnvConcurrency:               strconv.Itoa(services.MinConcurrency()),
		services.EnvFunctionName("reconcile"): "sluice-reconcile",
		services.EnvCDNStore:                  "CdnStore", services.EnvCDNDistribution: "CdnDistribution",
	}[name]
}

func TestFunctionEnvironmentMatchesTheServiceMap(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			want := map[string]string{}
			for _, name := range s.RequiredEnv() {
				want[name] = expectedValue(name)
			}
			if len(s.Routes) > 0 {
				want[services.EnvPlaybackURL] = expectedValue(services.EnvPlaybackURL)
			}
			if s.Name == services.Studio {
				want[services.EnvUploadURL] = expectedValue(services.EnvUploadURL)
			}
			for _, p := range s.Permissions {
				switch p.Resource {
				case services.CDNStore:
					want[services.EnvCDNStore] = expectedValue(services.EnvCDNStore)
				case services.CDNDistribution:
					want[services.EnvCDNDistribution] = expectedValue(services.EnvCDNDistribution)
				}
			}
			if len(s.BrowserPaths()) > 0 {
				want[services.EnvCORSOrigins] = "*"
			}
			if slices.ContainsFunc(s.Permissions, func(r services.Permission) bool {
				return r.Resource == services.ProducerBuckets
			}) {
				want[services.EnvProducerBuckets] = testProducerBuckets
			}
			got := map[string]string{}
			vars, _ := awsTemplate().functionOf(t, s.Name).property("Environment", "Variables").(map[string]any)
			for name, value := range vars {
				got[name] = renderValue(value)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("environment (-want +got):\n%s", d)
			}
		})
	}
}

func TestStackOutputs(t *testing.T) {
	t.Parallel()
	want := []string{
		"AlarmTopic", "ApiId", "ApiUrl", "CdnStore", "CdnUrl", "MediaBucket", "PlaybackKey", "SourceBucket",
		"TableName", "TopicArn",
	}
	for _, s := range services.Map {
		for _, q := range s.Queues() {
			want = append(want, "Inbox"+services.PascalCase(q.Name))
		}
		if s.Inbox != nil {
			want = append(want, "Dead"+services.PascalCase(s.Name))
		}
	}
	slices.Sort(want)
	outputs := awsTemplate().Outputs
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(outputs))); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	url := renderValue(outputs["ApiUrl"].Value)
	if want := "https://GatewayApi.execute-api.AWS::Region.AWS::URLSuffix/" + stageName; url != want {
		t.Errorf("ApiUrl %s, not %s", url, want)
	}
	if url := renderValue(outputs["CdnUrl"].Value); url != "https://CdnDistribution" {
		t.Errorf("CdnUrl %s", url)
	}
	if !strings.HasPrefix(renderValue(outputs["InboxPublish"].Value), "PublishInbox") {
		t.Errorf("InboxPublish is %v", outputs["InboxPublish"].Value)
	}
}
