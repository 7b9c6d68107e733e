package main

import (
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

// throttle is a limit of the gateway: requests a second, and requests at once.
type throttle struct{ rate, burst int }

// webACLPattern matches the ARNs that AWS WAF takes for an API's stage:
// https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
var webACLPattern = regexp.MustCompile(`^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional/webacl/[\w-]+/[\w-]+$`)

// readThrottles returns the limit of each class of routes.
func (r *contextReader) readThrottles() map[string]throttle {
	read := func(prefix string, rate, burst int) throttle {
		return throttle{r.readNumber(prefix+"rate", rate, 1), r.readNumber(prefix+"burst", burst, 1)}
	}
	return map[string]throttle{
		services.TokenClass:    read("", services.DefaultRate, services.DefaultBurst),
		services.OpenClass:     read("open_", services.DefaultOpenRate, services.DefaultOpenBurst),
		services.OperatorClass: read("operator_", services.DefaultOperatorRate, services.DefaultOperatorBurst),
	}
}

// methodThrottles returns the limits of the methods whose class is not that of tokens, which is the stage's default. A
// limit applies to each method by itself, so that anonymous callers don't use up those of tenants:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
func methodThrottles(set settings) *map[string]*awsapigateway.MethodDeploymentOptions {
	methods := map[string]*awsapigateway.MethodDeploymentOptions{}
	add := func(class, path, method string) {
		if class != services.TokenClass {
			methods[path+"/"+method] = &awsapigateway.MethodDeploymentOptions{
				ThrottlingRateLimit:  jsiiNumber(set.throttles[class].rate),
				ThrottlingBurstLimit: jsiiNumber(set.throttles[class].burst),
			}
		}
	}
	for _, s := range services.Map {
		for _, r := range s.GatewayRoutes(set.cdn) {
			add(r.ThrottleClass(), r.Path, r.Method)
		}
		for _, path := range s.BrowserPaths() {
			add(services.OpenClass, path, "OPTIONS")
		}
	}
	return &methods
}

// addWebACL puts the web ACL of the settings, if there is one, before the stage.
func (g *gateway) addWebACL(set settings) {
	if set.wafARN == "" {
		suppressNagRule(
			g.api.DeploymentStage(), "APIG3",
			"A web ACL costs more a month than all of Sluice when idle. The stage throttles, and an account that has a web "+
				"ACL names it with waf_arn.",
		)
		return
	}
	awswafv2.NewCfnWebACLAssociation(g.scope, jsii.String("WebACL"), &awswafv2.CfnWebACLAssociationProps{
		ResourceArn: g.api.DeploymentStage().StageArn(), WebAclArn: jsii.String(strings.TrimSpace(set.wafARN)),
	})
}
