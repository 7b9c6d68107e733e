package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/access"
	"sluice/shared/domain/services"
)

const (
	stageName     = "prod"
	authorizerTTL = time.Minute // for which the gateway caches the authorizer's answer about a token
	localAPIID    = "sluice"    // the API's id on an emulator, which takes it from one of localAPIIDTags

	minCompressionBytes = 1 << 10 // a response of so many bytes is compressed, for clients that accept it
)

// localAPIIDTags are the tags from which MiniStack and LocalStack take the id of an API.
var localAPIIDTags = []string{"ms-custom-id", "_custom_id_"}

// gateway is the REST API with the routes of all services.
type gateway struct {
	scope constructs.Construct
	api   awsapigateway.RestApi
}

func newGateway(scope constructs.Construct, set settings, functions map[string]awslambda.IFunction) *gateway {
	g := &gateway{scope: constructs.NewConstruct(scope, jsii.String("Gateway"))}
	g.api = awsapigateway.NewRestApi(g.scope, jsii.String("Api"), &awsapigateway.RestApiProps{
		RestApiName:        jsii.String(set.buildAPIName()),
		EndpointTypes:      &[]awsapigateway.EndpointType{awsapigateway.EndpointType_REGIONAL},
		MinCompressionSize: awscdk.Size_Bytes(jsiiNumber(minCompressionBytes)),
		// The role with which API Gateway writes logs. An account has one in a region, for all APIs: to set it replaces
		// the one that is there, and it stays when the stack is deleted
		// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-account.html).
		CloudWatchRole: jsii.Bool(!set.local && !set.keepLogRole),
		DeployOptions: &awsapigateway.StageOptions{
			StageName:            jsii.String(stageName),
			TracingEnabled:       jsii.Bool(true),
			ThrottlingRateLimit:  jsiiNumber(set.throttles[services.TokenClass].rate),
			ThrottlingBurstLimit: jsiiNumber(set.throttles[services.TokenClass].burst),
			MethodOptions:        methodThrottles(set),
			AccessLogDestination: awsapigateway.NewLogGroupLogDestination(newLogGroup(g.scope, "access", set)),
			AccessLogFormat:      awsapigateway.AccessLogFormat_Custom(jsii.String(accessLogFormat())),
		},
	})
	g.api.Node().TryRemoveChild(jsii.String("Endpoint")) // the CDK's own output; Sluice has ApiUrl
	if set.local {
		tags := g.api.Node().DefaultChild().(awsapigateway.CfnRestApi).Tags()
		for _, name := range localAPIIDTags {
			tags.SetTag(jsii.String(name), jsii.String(localAPIID), nil, nil)
		}
	}
	g.addRoutes(set, functions, g.newAuthorizer(set, functions[services.Authorizer]))
	g.addProblemResponses()
	g.addWebACL(set)
	g.addDomain(set)
	g.suppressNagRules()
	return g
}

// suppressNagRules suppresses the findings of cdk-nag about the API, but for those about methods.
func (g *gateway) suppressNagRules() {
	suppressNagRule(g.api, "APIG2", "The functions check every request, and refuse it in the words of our own API.")
	suppressNagRule(
		g.api.DeploymentStage(), "APIG6",
		"Execution logs hold paths and headers, and ours hold tokens. The access log has a line "+
			"for each request without them.",
	)
	if role := g.api.Node().TryFindChild(jsii.String("CloudWatchRole")); role != nil {
		suppressNagRule(role, "IAM4", "AWS says that API Gateway's role for logs has this policy of theirs.")
	}
}

// baseURL returns the URL of the API, without a slash at its end.
func (g *gateway) baseURL(set settings) string {
	if set.publicURL != "" {
		return set.publicURL
	}
	stack := awscdk.Stack_Of(g.api)
	return "https://" + *g.api.RestApiId() + ".execute-api." + *stack.Region() + "." + *stack.UrlSuffix() + "/" +
		stageName
}

// studioOrigin returns the origin, in the sense of CORS, of the studio's page.
func (g *gateway) studioOrigin(set settings) string {
	scheme, rest, _ := strings.Cut(g.baseURL(set), "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// newAuthorizer makes the authorizer, which calls f with the token of a request. What has not the form of a token is
// refused without a call (identityValidationExpression,
// https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html). On a local cloud its answers are not
// cached, so that tests see a revoked token at once.
func (g *gateway) newAuthorizer(set settings, f awslambda.IFunction) awsapigateway.IAuthorizer {
	ttl := authorizerTTL
	if set.local {
		ttl = 0
	}
	return awsapigateway.NewTokenAuthorizer(g.scope, jsii.String("Authorizer"), &awsapigateway.TokenAuthorizerProps{
		Handler:         f,
		IdentitySource:  awsapigateway.IdentitySource_Header(jsii.String("Authorization")),
		ValidationRegex: jsii.String(access.BearerPattern),
		ResultsCacheTtl: cdkDuration(ttl),
	})
}

// addRoutes makes a method for each route that the service map has for the gateway, and an OPTIONS method for each path
// that browsers call.
func (g *gateway) addRoutes(
	set settings, functions map[string]awslambda.IFunction, tokens awsapigateway.IAuthorizer,
) {
	for _, s := range services.Map {
		routes := s.GatewayRoutes(set.cdn)
		if len(routes) == 0 {
			continue
		}
		to := awsapigateway.NewLambdaIntegration(functions[s.Name], &awsapigateway.LambdaIntegrationOptions{
			Proxy:           jsii.Bool(true),
			AllowTestInvoke: jsii.Bool(false),
		})
		for _, r := range routes {
			method := g.api.Root().ResourceForPath(jsii.String(r.Path)).AddMethod(jsii.String(r.Method), to,
				authMethodOptions(r.Auth, tokens))
			suppressNagRule(method, "COG4",
				"Callers are programs with a tenant's token or an IAM role, not people of a user pool.")
			if r.Auth == services.AuthOpen {
				suppressNagRule(method, "APIG4",
					"Anyone may ask: the path is the right, or there is no secret in the answer.")
			}
		}
		for _, path := range s.BrowserPaths() {
			method := g.api.Root().ResourceForPath(jsii.String(path)).AddMethod(jsii.String("OPTIONS"), to,
				authMethodOptions(services.AuthOpen, tokens))
			suppressNagRule(method, "APIG4", "A browser asks without a token what it may send.")
		}
	}
}

// authMethodOptions returns who may call a method. With an unknown Auth, only IAM principals of the account may.
func authMethodOptions(a services.Auth, tokens awsapigateway.IAuthorizer) *awsapigateway.MethodOptions {
	switch a {
	case services.AuthOpen:
		return &awsapigateway.MethodOptions{AuthorizationType: awsapigateway.AuthorizationType_NONE}
	case services.AuthToken:
		return &awsapigateway.MethodOptions{
			AuthorizationType: awsapigateway.AuthorizationType_CUSTOM, Authorizer: tokens,
		}
	}
	return &awsapigateway.MethodOptions{AuthorizationType: awsapigateway.AuthorizationType_IAM}
}

// accessLogFormat returns the format of the access log. It has the route but not the path, because a playback path
// holds a token.
func accessLogFormat() string {
	line, err := json.Marshal(map[string]string{
		"request_id":  "$context.requestId",
		"trace":       "$context.xrayTraceId",
		"time":        "$context.requestTimeEpoch",
		"method":      "$context.httpMethod",
		"route":       "$context.resourcePath",
		"status":      "$context.status",
		"bytes":       "$context.responseLength",
		"ms":          "$context.responseLatency",
		"function_ms": "$context.integrationLatency",
		"caller":      "$context.authorizer.principalId",
		"operator":    "$context.identity.userArn", // of a signed request
		"error":       "$context.error.responseType",
	})
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(line)
}
