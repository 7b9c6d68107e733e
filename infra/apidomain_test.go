package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

func TestAPIDomainHasTheStageAtItsRoot(t *testing.T) {
	t.Parallel()
	tmpl := sharedAccountTemplate()
	for id, d := range tmpl.resourcesOfType("ApiGateway::DomainName") {
		got := []any{
			d.property("DomainName"), d.property("RegionalCertificateArn"), d.property("SecurityPolicy"),
			d.property("EndpointConfiguration", "Types"),
		}
		if diff := cmp.Diff([]any{"video.example", testCertificate, "TLS_1_2", []any{"REGIONAL"}}, got); diff != "" {
			t.Errorf("domain (-want +got):\n%s", diff)
		}
		for _, m := range tmpl.resourcesOfType("ApiGateway::BasePathMapping") {
			if renderValue(m.property("DomainName")) != id || m.property("BasePath") != nil ||
				renderValue(m.property("Stage")) != "GatewayApiDeploymentStageprod" {
				t.Errorf("mapping %v", m.Properties)
			}
		}
		if to := renderValue(tmpl.Outputs["ApiDomainTarget"].Value); to != id {
			t.Errorf("DNS is to point to %s", to)
		}
	}
	if !awsTemplate().hasNone("ApiGateway::DomainName") {
		t.Error("there is a domain that no setting names")
	}
}

func TestAPIDomainIsTheBaseOfAllLinks(t *testing.T) {
	t.Parallel()
	tmpl := sharedAccountTemplate()
	if url := tmpl.Outputs["ApiUrl"].Value; url != "https://video.example" {
		t.Errorf("ApiUrl is %v", url)
	}
	for _, s := range services.Map {
		got := tmpl.functionOf(t, s.Name).property("Environment", "Variables", services.EnvPublicURL)
		if want := valueIf(len(s.Routes) > 0, "https://video.example"); got != want {
			t.Errorf("%s has the public URL %v, want %v", s.Name, got, want)
		}
	}
}

func TestAPIDomainRootLeadsToTheStudio(t *testing.T) {
	t.Parallel()
	for _, m := range sharedAccountTemplate().resourcesOfType("ApiGateway::Method") {
		if resourcePath(sharedAccountTemplate(), m.property("ResourceId")) != "" {
			continue
		}
		answers := toList(m.property("Integration", "IntegrationResponses"))
		got := resource{Properties: answers[0].(map[string]any)}
		if m.property("HttpMethod") != "GET" || m.property("Integration", "Type") != "MOCK" ||
			got.property("StatusCode") != "302" || got.property(
			"ResponseParameters", "method.response.header.Location",
		) != "'https://video.example/studio'" {
			t.Errorf("the root answers %v", m.Properties)
		}
		return
	}
	t.Error("the root has no method")
}
