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

func TestFunctionsAreAsTheMapSays(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			got := maps.Clone(onAWS().function(t, s.Name).Properties)
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
				"RecursiveLoop":    map[bool]any{true: "Allow", false: "Terminate"}[s.Laps()],
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("properties (-want +got):\n%s", d)
			}
		})
	}
}

// What the clock calls is called again by the clock, and by nothing else.
func TestOnlyTheClockRepeatsItsCalls(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range onAWS().of("Lambda::EventInvokeConfig") {
		got = append(got, text(c.at("FunctionName")))
		if c.at("MaximumRetryAttempts") != 0.0 || c.at("MaximumEventAgeInSeconds") != 60.0 {
			t.Errorf("%v", c.Properties)
		}
	}
	var want []string
	for _, s := range services.Map {
		if s.Every > 0 {
			want = append(want, title(s.Name)+"Function")
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("functions (-want +got):\n%s", d)
	}
}

func TestThereIsNoOtherFunction(t *testing.T) {
	t.Parallel()
	if got := len(onAWS().of("Lambda::Function")); got != len(services.Map) {
		t.Errorf("%d functions for %d services: is there a custom resource?", got, len(services.Map))
	}
}

func TestFunctionsLogIntoTheirOwnGroup(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			f := onAWS().function(t, s.Name)
			if got := f.at("LoggingConfig", "LogFormat"); got != "JSON" {
				t.Errorf("format %v", got)
			}
			group := onAWS().of("Logs::LogGroup")[text(f.at("LoggingConfig", "LogGroup"))]
			want := map[string]any{"LogGroupName": "/sluice/" + s.Name, "RetentionInDays": 30.0}
			if d := cmp.Diff(want, group.Properties); d != "" {
				t.Errorf("group (-want +got):\n%s", d)
			}
		})
	}
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		var want []string
		if s.Layer != "" {
			want = []string{title(s.Layer) + "Layer"}
		}
		var got []string
		if layers := onAWS().function(t, s.Name).at("Layers"); layers != nil {
			for _, l := range list(layers) {
				got = append(got, text(l))
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", s.Name, d)
		}
	}
}

// places says which resource each variable must point to.
func places(name string) string {
	for _, q := range services.Queues() {
		switch name {
		case services.EnvInbox(q.Name):
			return title(q.Name) + "InboxQueue"
		case services.EnvFeed(q.Name):
			return title(q.Name) + "InboxFeed"
		case services.EnvDeadLetters(q.Service):
			return title(q.Service) + "InboxDead"
		}
	}
	return map[string]string{
		services.EnvTable: "DataTable", services.EnvSource: "DataSource", services.EnvMedia: "DataMedia",
		services.EnvPlaybackURL: "https://CdnDistribution", services.EnvUploadURL: "https://DataSource",
		services.EnvWindow: strconv.Itoa(services.Window(4)),
		services.EnvTopic:  "DataFacts", services.EnvPlaybackKey: "DataPlaybackKey", services.EnvTools: "/opt/bin",
		services.EnvConcurrency: strconv.Itoa(services.LeastConcurrency()), services.EnvFunction("reconcile"): "sluice-reconcile",
	}[name]
}

func TestEnvironmentIsWhatTheServiceNeeds(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			want := map[string]string{}
			for _, name := range s.Env() {
				want[name] = places(name)
			}
			if len(s.Routes) > 0 {
				want[services.EnvPlaybackURL] = places(services.EnvPlaybackURL)
			}
			if s.Name == services.Studio {
				want[services.EnvUploadURL] = places(services.EnvUploadURL)
			}
			if len(s.Pages()) > 0 {
				want[services.EnvOrigins] = "*"
			}
			if slices.ContainsFunc(s.May, func(r services.Right) bool { return r.On == "producers" }) {
				want[services.EnvProducers] = masters
			}
			got := map[string]string{}
			vars, _ := onAWS().function(t, s.Name).at("Environment", "Variables").(map[string]any)
			for name, value := range vars {
				got[name] = text(value)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("environment (-want +got):\n%s", d)
			}
		})
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	want := []string{
		"AlarmTopic", "ApiId", "ApiUrl", "CdnStore", "CdnUrl", "MediaBucket", "PlaybackKey", "SourceBucket", "TableName", "TopicArn",
	}
	for _, s := range services.Map {
		for _, q := range s.Queues() {
			want = append(want, "Inbox"+title(q.Name))
		}
		if s.Inbox != nil {
			want = append(want, "Dead"+title(s.Name))
		}
	}
	slices.Sort(want)
	outputs := onAWS().Outputs
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(outputs))); d != "" {
		t.Errorf("outputs (-want +got):\n%s", d)
	}
	url := text(outputs["ApiUrl"].Value)
	if want := "https://GatewayApi.execute-api.AWS::Region.AWS::URLSuffix/" + stage; url != want {
		t.Errorf("ApiUrl %s, not %s", url, want)
	}
	if url := text(outputs["CdnUrl"].Value); url != "https://CdnDistribution" {
		t.Errorf("CdnUrl %s", url)
	}
	if !strings.HasPrefix(text(outputs["InboxPublish"].Value), "PublishInbox") {
		t.Errorf("InboxPublish is %v", outputs["InboxPublish"].Value)
	}
}
