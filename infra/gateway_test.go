package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

// With a CDN, nobody reaches media past it: the API has no route of media. Without one, play serves them.
func TestPromise05_GatewayServesMediaOnlyWithoutCDN(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		template template
		want     []string
	}{
		"aws":       {awsTemplate(), nil},
		"with name": {stagingTemplate(), nil},
		"cdn=false": {noCDNTemplate(), []string{"/p", "/p/{token}", "/p/{token}/{playback}", mediaRoutePath}},
		"local":     {localTemplate(), []string{"/p", "/p/{token}", "/p/{token}/{playback}", mediaRoutePath}},
	} {
		var got []string
		for id := range tt.template.resourcesOfType("ApiGateway::Resource") {
			path := resourcePath(tt.template, map[string]any{"Ref": id})
			if path == "/p" || strings.HasPrefix(path, "/p/") {
				got = append(got, path)
			}
		}
		slices.Sort(got)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: paths of media (-want +got):\n%s", name, d)
		}
	}
}

const mediaRoutePath = "/p/{token}/{playback}/{file+}"

func TestGatewayRoutesMatchTheServiceMap(t *testing.T) {
	t.Parallel()
	var want []string
	for _, s := range services.Map {
		for _, r := range s.GatewayRoutes(true) {
			auth := map[services.Auth]string{
				services.AuthOpen: "NONE", services.AuthToken: "CUSTOM GatewayAuthorizer", services.AuthIAM: "AWS_IAM",
			}[r.Auth]
			want = append(
				want, fmt.Sprintf("%s %s %s to %sFunction", r.Method, r.Path, auth, services.PascalCase(s.Name)),
			)
		}
		for _, path := range s.BrowserPaths() {
			want = append(want, fmt.Sprintf("OPTIONS %s NONE to %sFunction", path, services.PascalCase(s.Name)))
		}
	}
	var got []string
	for _, m := range awsTemplate().resourcesOfType("ApiGateway::Method") {
		auth := renderValue(m.property("AuthorizationType"))
		if id := m.property("AuthorizerId"); id != nil {
			auth += " " + renderValue(id)
		}
		if kind := m.property("Integration", "Type"); kind != "AWS_PROXY" {
			t.Errorf("a %v integration", kind)
		}
		at := resourcePath(awsTemplate(), m.property("ResourceId"))
		got = append(got, fmt.Sprintf("%s %s %s to %s", m.property("HttpMethod"), at, auth, targetFunction(m)))
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("routes (-want +got):\n%s", d)
	}
}

// resourcePath returns the path of a resource of the API, from the root.
func resourcePath(t template, id any) string {
	r, ok := t.resourcesOfType("ApiGateway::Resource")[renderValue(id)]
	if !ok {
		return "" // the root
	}
	return resourcePath(t, r.property("ParentId")) + "/" + renderValue(r.property("PathPart"))
}

// targetFunction returns the logical id of the function that a method calls.
func targetFunction(method resource) string {
	uri := renderValue(method.property("Integration", "Uri"))
	_, f, _ := strings.Cut(uri, "/functions/")
	f, _, _ = strings.Cut(f, "/")
	return f
}

func TestGatewayAuthorizerChecksBearerTokens(t *testing.T) {
	t.Parallel()
	a := awsTemplate().resourcesOfType("ApiGateway::Authorizer")["GatewayAuthorizer"]
	if !strings.Contains(
		renderValue(a.property("AuthorizerUri")), services.PascalCase(services.Authorizer)+"Function/",
	) {
		t.Errorf("it calls %s", renderValue(a.property("AuthorizerUri")))
	}
	got := []any{a.property("Type"), a.property("IdentitySource"), a.property("AuthorizerResultTtlInSeconds")}
	if d := cmp.Diff([]any{"TOKEN", "method.request.header.Authorization", 60.0}, got); d != "" {
		t.Errorf("authorizer (-want +got):\n%s", d)
	}
}

func TestGatewayStageTracesAndLogs(t *testing.T) {
	t.Parallel()
	for _, s := range awsTemplate().resourcesOfType("ApiGateway::Stage") {
		got := []any{s.property("StageName"), s.property("TracingEnabled")}
		for _, m := range s.property("MethodSettings").([]any) {
			if m := m.(map[string]any); m["DataTraceEnabled"] != false {
				t.Errorf("bodies of %v are logged", m)
			}
		}
		want := []any{"prod", true}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("stage (-want +got):\n%s", d)
		}
		if to := renderValue(s.property("AccessLogSetting", "DestinationArn")); to != "GatewayLog" {
			t.Errorf("access log in %s", to)
		}
	}
	if n := len(awsTemplate().resourcesOfType("ApiGateway::Stage")); n != 1 {
		t.Errorf("%d stages", n)
	}
}

// Both stay when the stack is deleted, as other APIs of the account may log with the role by then.
func TestGatewaySetsTheLogRoleUnlessTheAccountsIsKept(t *testing.T) {
	t.Parallel()
	account := awsTemplate().resourcesOfType("ApiGateway::Account")["GatewayApiAccount"]
	role := awsTemplate().resourcesOfType("IAM::Role")["GatewayApiCloudWatchRole"]
	if got := renderValue(account.property("CloudWatchRoleArn")); got != "GatewayApiCloudWatchRole" ||
		account.DeletionPolicy != "Retain" || role.DeletionPolicy != "Retain" {
		t.Errorf("account %v, role %v", account, role)
	}
	if !sharedAccountTemplate().hasNone("ApiGateway::Account") {
		t.Error("the account's role is replaced")
	}
	if role, ok := sharedAccountTemplate().resourcesOfType("IAM::Role")["GatewayApiCloudWatchRole"]; ok {
		t.Errorf("a role that nothing uses: %v", role)
	}
}

func TestAccessLogHasNoPathAndNoHeaders(t *testing.T) {
	t.Parallel()
	var line map[string]string
	if err := json.Unmarshal([]byte(accessLogFormat()), &line); err != nil {
		t.Fatal(err)
	}
	if line["request_id"] != "$context.requestId" || line["route"] != "$context.resourcePath" ||
		line["operator"] != "$context.identity.userArn" {
		t.Errorf("line %v", line)
	}
	for name, value := range line {
		if value == "$context.path" || strings.Contains(value, "input") || strings.Contains(value, "sourceIp") {
			t.Errorf("%s: %s reveals too much", name, value)
		}
	}
}

// The gateway's answers have the same fields as those of the functions.
func TestGatewayResponsesAreProblemDocuments(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	awsTemplate().runForEach(t, "ApiGateway::GatewayResponse", func(t *testing.T, _ string, r resource) {
		var body struct {
			Type, Title, Detail, Code string
			Status                    int
			RequestID                 string `json:"request_id"`
		}
		if err := json.Unmarshal(
			[]byte(r.property("ResponseTemplates", "application/json").(string)), &body,
		); err != nil {
			t.Fatal(err)
		}
		kind := errs.Problem{Code: errs.Code(body.Code)}
		if body.Type != kind.Type() || body.Title != kind.Title() || body.Detail == "" ||
			body.RequestID != "$context.requestId" {
			t.Errorf("body %+v", body)
		}
		if ct := r.property(
			"ResponseParameters", "gatewayresponse.header.Content-Type",
		); ct != "'application/problem+json'" {
			t.Errorf("content type %v", ct)
		}
		if cors := r.property(
			"ResponseParameters", "gatewayresponse.header.Access-Control-Allow-Origin",
		); cors != "'*'" {
			t.Errorf("players on other pages can't read it: %v", cors)
		}
		if exposed := r.property(
			"ResponseParameters", "gatewayresponse.header.Access-Control-Expose-Headers",
		); exposed != "'Retry-After, WWW-Authenticate, X-Amzn-Requestid'" {
			t.Errorf("what other pages can read: %v", exposed)
		}
		status, _ := r.property("StatusCode").(string)
		if fmt.Sprint(body.Status) != status {
			t.Errorf("status %s, but the body says %d", status, body.Status)
		}
		got[renderValue(r.property("ResponseType"))] = strings.TrimSpace(status + " " + body.Code)
	})
	want := map[string]string{
		"UNAUTHORIZED": "401 token_invalid", "ACCESS_DENIED": "403 forbidden",
		"MISSING_AUTHENTICATION_TOKEN": "404 route_unknown", "RESOURCE_NOT_FOUND": "404 route_unknown",
		"REQUEST_TOO_LARGE": "413 body_too_large", "THROTTLED": "429 throttled",
		"DEFAULT_4XX": "403 request_refused", "DEFAULT_5XX": "500 internal",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
}
