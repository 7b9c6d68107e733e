package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/access"
	"sluice/shared/domain/services"
)

// TestGatewayRefusesJunkTokensItself reads the expression of the template: what does not match it calls no function.
func TestGatewayRefusesJunkTokensItself(t *testing.T) {
	t.Parallel()
	for name, deployed := range map[string]template{"aws": awsTemplate(), "local": localTemplate()} {
		a := deployed.resourcesOfType("ApiGateway::Authorizer")["GatewayAuthorizer"]
		text, _ := a.property("IdentityValidationExpression").(string)
		if text != access.BearerPattern {
			t.Errorf("%s: the expression is %q", name, text)
		}
		if regexp.MustCompile(text).MatchString("Bearer junk") {
			t.Errorf("%s: %q is let through", name, text)
		}
	}
}

// TestGatewayThrottlesByClassOfRoute checks that every method that needs no tenant's token has limits of its own.
func TestGatewayThrottlesByClassOfRoute(t *testing.T) {
	t.Parallel()
	got, want := map[string][2]any{}, map[string][2]any{"* /*": {200.0, 400.0}}
	for _, s := range awsTemplate().resourcesOfType("ApiGateway::Stage") {
		for _, m := range s.property("MethodSettings").([]any) {
			m := m.(map[string]any)
			path := strings.ReplaceAll(strings.TrimPrefix(m["ResourcePath"].(string), "/~1"), "~1", "/")
			got[m["HttpMethod"].(string)+" "+path] = [2]any{m["ThrottlingRateLimit"], m["ThrottlingBurstLimit"]}
		}
	}
	limits := map[string][2]any{services.OpenClass: {200.0, 400.0}, services.OperatorClass: {50.0, 100.0}}
	for _, s := range services.Map {
		for _, r := range s.GatewayRoutes(true) {
			if r.ThrottleClass() != services.TokenClass {
				want[r.Method+" "+strings.TrimPrefix(r.Path, "/")] = limits[r.ThrottleClass()]
			}
		}
		for _, path := range s.BrowserPaths() {
			want["OPTIONS "+strings.TrimPrefix(path, "/")] = limits[services.OpenClass]
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("limits (-want +got):\n%s", d)
	}
}

// TestGatewayHasTheWebACLOfTheSettings: without the setting there is none, as one costs money all the time.
func TestGatewayHasTheWebACLOfTheSettings(t *testing.T) {
	t.Parallel()
	if !awsTemplate().hasNone("WAFv2::WebACLAssociation") {
		t.Error("there is a web ACL")
	}
	found := sharedAccountTemplate().resourcesOfType("WAFv2::WebACLAssociation")
	a := found["GatewayWebACL"]
	stage := renderValue(a.property("ResourceArn"))
	if len(found) != 1 || a.property("WebACLArn") != testWebACL ||
		!strings.Contains(stage, "/restapis/GatewayApi/stages/GatewayApiDeploymentStage") {
		t.Errorf("%+v", found)
	}
}
