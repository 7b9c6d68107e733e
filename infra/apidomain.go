package main

import (
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/jsii-runtime-go"
)

// domainPattern matches the domain names that API Gateway takes, which have no capital letters.
var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)

// readDomain returns the settings prefix_domain and prefix_certificate, of which both are needed, or neither.
func (r *contextReader) readDomain(prefix string) (name, certificate string) {
	name, certificate = r.readText(prefix+"_domain", ""), r.readText(prefix+"_certificate", "")
	if (name == "") != (certificate == "") {
		r.addError(prefix+"_domain", "and %s_certificate are needed both, or neither", prefix)
	}
	return name, certificate
}

// readAPIDomain reads the domain name of the API and its certificate. It is the base of links, unless public_url is
// set.
func (r *contextReader) readAPIDomain(s *settings) {
	s.apiDomain, s.apiCertificate = r.readDomain("api")
	if s.apiDomain == "" {
		return
	}
	if s.publicURL == "" {
		s.publicURL = "https://" + s.apiDomain
	}
	if s.local || !domainPattern.MatchString(s.apiDomain) {
		r.addError("api_domain", "is %q, not a domain name, or cloud=local", s.apiDomain)
	}
}

// addDomain gives the API the domain name of the settings, if they have one: the root of the domain is the stage, so
// that no path there has the stage in it. The request for the root itself leads to the studio. The owner of the name
// points it, in DNS, to the output ApiDomainTarget.
//
// The address under execute-api remains; links in answers have the domain (settings.publicURL).
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-regional-api-custom-domain-create.html
func (g *gateway) addDomain(set settings) {
	if set.apiDomain == "" {
		return
	}
	domain := g.api.AddDomainName(jsii.String("Domain"), &awsapigateway.DomainNameOptions{
		DomainName: jsii.String(set.apiDomain),
		Certificate: awscertificatemanager.Certificate_FromCertificateArn(g.scope, jsii.String("Certificate"),
			jsii.String(set.apiCertificate)),
		EndpointType:   awsapigateway.EndpointType_REGIONAL,
		SecurityPolicy: awsapigateway.SecurityPolicy_TLS_1_2,
	})
	g.redirectRoot(set.publicURL + "/studio")
	awscdk.NewCfnOutput(awscdk.Stack_Of(g.scope), jsii.String("ApiDomainTarget"), &awscdk.CfnOutputProps{
		Value: domain.DomainNameAliasDomainName(),
	})
}

// redirectRoot makes the gateway itself answer GET / with a redirect.
func (g *gateway) redirectRoot(to string) {
	const location = "method.response.header.Location"
	answer := awsapigateway.NewMockIntegration(&awsapigateway.IntegrationOptions{
		RequestTemplates: &map[string]*string{"application/json": jsii.String(`{"statusCode": 302}`)},
		IntegrationResponses: &[]*awsapigateway.IntegrationResponse{{
			StatusCode:         jsii.String("302"),
			ResponseParameters: &map[string]*string{location: jsii.String("'" + to + "'")},
		}},
	})
	method := g.api.Root().AddMethod(jsii.String("GET"), answer, &awsapigateway.MethodOptions{
		AuthorizationType: awsapigateway.AuthorizationType_NONE,
		MethodResponses: &[]*awsapigateway.MethodResponse{{
			StatusCode: jsii.String("302"), ResponseParameters: &map[string]*bool{location: jsii.Bool(true)},
		}},
	})
	suppressNagRule(method, "APIG4", "Anyone may ask where the studio is.")
	suppressNagRule(method, "COG4", "Anyone may ask where the studio is.")
}
