package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsxray"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

const (
	firstRulePriority = 100 // X-Ray tries rules from the lowest priority up; its default rule is the last
	reservoirSize     = 10  // requests a second that are traced whatever the rate
)

// newSampling makes X-Ray trace every request that changes a video and, as the decision is passed on, everything that
// follows from it. Other requests are left to X-Ray's default rule: one a second and 5 % of the rest. A group has the
// traces that failed. A local cloud has no X-Ray and traces everything.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html
func newSampling(scope constructs.Construct, set settings) {
	if set.local {
		return
	}
	scope = constructs.NewConstruct(scope, jsii.String("Sampling"))
	for i, r := range listChangeRequests() {
		awsxray.NewCfnSamplingRule(
			scope, jsii.String(services.PascalCase(strings.ToLower(r.method))+services.PascalCase(r.kind)),
			&awsxray.CfnSamplingRuleProps{
				SamplingRule: &awsxray.CfnSamplingRule_SamplingRuleProperty{
					RuleName: jsii.String(set.buildName(strings.ToLower(r.method) + "-" + r.kind)),
					Version:  jsiiNumber(1), Priority: jsiiNumber(firstRulePriority + i), FixedRate: jsiiNumber(1),
					ReservoirSize: jsiiNumber(reservoirSize),
					ServiceName:   jsii.String(set.buildAPIName() + "/" + stageName),
					ServiceType:   jsii.String("AWS::ApiGateway::Stage"), ResourceArn: jsii.String("*"),
					Host: jsii.String("*"), HttpMethod: jsii.String(r.method),
					UrlPath: jsii.String(fmt.Sprintf("/*/%s*", r.kind)),
				},
			},
		)
	}
	awsxray.NewCfnGroup(scope, jsii.String("Failed"), &awsxray.CfnGroupProps{
		GroupName:        jsii.String(set.buildName("failed")),
		FilterExpression: jsii.String(`annotation.video_id BEGINSWITH "vid_" AND (fault = true OR throttle = true)`),
	})
}

// changeRequest is a kind of request that changes videos: its method, and the path segment after the version.
type changeRequest struct{ method, kind string }

// listChangeRequests returns the kinds of requests among the routes of tenants.
func listChangeRequests() (all []changeRequest) {
	for _, s := range services.Map {
		for _, r := range s.Routes {
			if r.Scope != "videos:write" || r.Method == http.MethodGet {
				continue
			}
			kind, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/v1/"), "/")
			if c := (changeRequest{r.Method, kind}); !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}
