package main

import (
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/errs"
)

// gatewayProblem is the answer of the gateway when it rejects a request itself: a problem document (RFC 9457,
// https://www.rfc-editor.org/rfc/rfc9457) with a code, as in the functions' own answers.
type gatewayProblem struct {
	responseType string // of API Gateway
	status       int
	code         errs.Code
	detail       string
	headers      map[string]string
}

// gatewayProblems are the gateway's own answers, by its response types:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
//
// The gateway has one type for a missing token and a token that the authorizer rejects, and one for an unknown route
// and a request without the signature that its route requires. DEFAULT_4XX is, beside the types above, for signatures
// that are incomplete, wrong, expired or by an unknown key, and for the firewall: 403, all of them. A template can't
// read the status, so DEFAULT_4XX and DEFAULT_5XX have the same one for all.
var gatewayProblems = []gatewayProblem{
	{
		"UNAUTHORIZED", 401, "token_invalid", "Send Authorization: Bearer and a token that was not revoked.",
		map[string]string{"WWW-Authenticate": "Bearer"},
	},
	{"ACCESS_DENIED", 403, "forbidden", "The caller may not use this route.", nil},
	{
		"MISSING_AUTHENTICATION_TOKEN", 404, "route_unknown",
		"There is no such method and path, or it takes requests signed with AWS credentials only.", nil,
	},
	{"RESOURCE_NOT_FOUND", 404, "route_unknown", "There is nothing at this path.", nil},
	{
		"REQUEST_TOO_LARGE", 413, "body_too_large", "Send the video's bytes to the URLs of the upload, not to the API.",
		nil,
	},
	{
		"THROTTLED", 429, "throttled", "There are too many requests; wait, then try again.",
		map[string]string{"Retry-After": "1"},
	},
	{"DEFAULT_4XX", 403, "request_refused", "The gateway refused the request: check its signature and credentials.", nil},
	{"DEFAULT_5XX", 500, "internal", errs.ProblemOf(nil).Message, nil},
}

// addProblemResponses makes the gateway answer with gatewayProblems. Pages of any origin may read them, because the
// gateway can't tell media paths from others; they contain nothing about the caller.
func (g *gateway) addProblemResponses() {
	for _, p := range gatewayProblems {
		headers := map[string]*string{
			"Content-Type":                  jsii.String("'application/problem+json'"),
			"Access-Control-Allow-Origin":   jsii.String("'*'"),
			"Access-Control-Expose-Headers": jsii.String("'Retry-After, WWW-Authenticate, X-Amzn-Requestid'"),
		}
		for name, value := range p.headers {
			headers[name] = jsii.String("'" + value + "'")
		}
		kind := errs.Problem{Code: p.code}
		body, err := json.Marshal(struct { // the gateway replaces its variables
			Type      string    `json:"type"`
			Title     string    `json:"title"`
			Status    int       `json:"status"`
			Detail    string    `json:"detail"`
			Code      errs.Code `json:"code"`
			RequestID string    `json:"request_id"`
		}{kind.Type(), kind.Title(), p.status, p.detail, p.code, "$context.requestId"})
		if err != nil {
			panic(err) // strings always marshal
		}
		g.api.AddGatewayResponse(jsii.String(p.responseType), &awsapigateway.GatewayResponseOptions{
			Type:            awsapigateway.ResponseType_Of(jsii.String(p.responseType)),
			StatusCode:      jsii.Sprintf("%d", p.status),
			ResponseHeaders: &headers,
			Templates:       &map[string]*string{"application/json": jsii.String(string(body))},
		})
	}
}
