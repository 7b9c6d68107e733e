package main

import (
	"net/http"
	"path"
	"strings"
	"testing"

	"sluice/shared/domain/services"
)

// Each request by which a tenant changes a video is recorded, and no other: whoever only looks is sampled by X-Ray's
// own rule.
func TestWhatChangesAVideoIsTraced(t *testing.T) {
	t.Parallel()
	rules := onAWS().of("XRay::SamplingRule")
	traced := func(method, path string) (n int) {
		for _, r := range rules {
			if r.at("SamplingRule", "HTTPMethod") == method && matches(r.at("SamplingRule", "URLPath").(string), "/prod"+path) {
				n++
			}
		}
		return n
	}
	for _, s := range services.Map {
		for _, r := range s.Routes {
			want := 0
			if r.Scope == "videos:write" && r.Method != http.MethodGet {
				want = 1
			}
			if got := traced(r.Method, r.Path); got != want {
				t.Errorf("%s %s has %d rules, not %d", r.Method, r.Path, got, want)
			}
		}
	}
}

// matches reports whether a pattern of X-Ray's is a path's: * is any text, slashes too.
func matches(pattern, url string) bool {
	ok, _ := path.Match(strings.ReplaceAll(pattern, "/", "|"), strings.ReplaceAll(url, "/", "|"))
	return ok
}

func TestRulesOfSampling(t *testing.T) {
	t.Parallel()
	seen := map[any]string{}
	onAWS().each(t, "XRay::SamplingRule", func(t *testing.T, id string, r resource) {
		rule := resource{Properties: r.at("SamplingRule").(map[string]any)}
		if rule.at("FixedRate") != 1.0 || rule.at("ReservoirSize") != float64(reservoir) || rule.at("ServiceName") != "sluice/prod" {
			t.Errorf("rule %v", rule)
		}
		if name := rule.at("RuleName").(string); len(name) > 32 { // X-Ray's limit
			t.Errorf("the name %s is too long", name)
		}
		for _, own := range []string{"RuleName", "Priority"} {
			if other := seen[rule.at(own)]; other != "" {
				t.Errorf("%s is that of %s too", own, other)
			}
			seen[rule.at(own)] = id
		}
	})
	for _, typ := range []string{"XRay::SamplingRule", "XRay::Group"} {
		if !onLocal().lacks(typ) {
			t.Errorf("a local cloud, which has no X-Ray, is to make some %s", typ)
		}
	}
	group := onAWS().of("XRay::Group")["SamplingFailed"]
	if filter, _ := group.at("FilterExpression").(string); !strings.Contains(filter, "fault = true") {
		t.Errorf("the group of what failed has %q", filter)
	}
}
