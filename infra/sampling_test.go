package main

import (
	"net/http"
	"path"
	"strings"
	"testing"

	"sluice/shared/domain/services"
)

// Other routes are left to X-Ray's default rule.
func TestSamplingRulesCoverEveryChangingRoute(t *testing.T) {
	t.Parallel()
	rules := awsTemplate().resourcesOfType("XRay::SamplingRule")
	traced := func(method, path string) (n int) {
		for _, r := range rules {
			if r.property("SamplingRule", "HTTPMethod") == method &&
				matchPath(r.property("SamplingRule", "URLPath").(string), "/prod"+path) {
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

// matchPath reports whether a pattern of X-Ray matches a path. Its * matches slashes too.
func matchPath(pattern, url string) bool {
	ok, _ := path.Match(strings.ReplaceAll(pattern, "/", "|"), strings.ReplaceAll(url, "/", "|"))
	return ok
}

func TestSamplingRuleSettings(t *testing.T) {
	t.Parallel()
	seen := map[any]string{}
	awsTemplate().runForEach(t, "XRay::SamplingRule", func(t *testing.T, id string, r resource) {
		rule := resource{Properties: r.property("SamplingRule").(map[string]any)}
		if rule.property("FixedRate") != 1.0 || rule.property("ReservoirSize") != float64(reservoirSize) ||
			rule.property("ServiceName") != "sluice/prod" {
			t.Errorf("rule %v", rule)
		}
		if name := rule.property("RuleName").(string); len(name) > 32 { // X-Ray's limit
			t.Errorf("the name %s is too long", name)
		}
		for _, own := range []string{"RuleName", "Priority"} {
			if other := seen[rule.property(own)]; other != "" {
				t.Errorf("%s is also that of %s", own, other)
			}
			seen[rule.property(own)] = id
		}
	})
	for _, typ := range []string{"XRay::SamplingRule", "XRay::Group"} {
		if !localTemplate().hasNone(typ) {
			t.Errorf("the template of a local cloud, which has no X-Ray, has a %s", typ)
		}
	}
	group := awsTemplate().resourcesOfType("XRay::Group")["SamplingFailed"]
	if filter, _ := group.property("FilterExpression").(string); !strings.Contains(filter, "fault = true") {
		t.Errorf("the group of what failed has %q", filter)
	}
}
