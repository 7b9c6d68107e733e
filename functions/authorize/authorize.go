// Package authorize is API Gateway's Lambda authorizer of type TOKEN: it returns the tenant and scopes of a token.
// Rights on AWS: rows of tokens (dynamodb:GetItem). Without a valid token, a request gets 401. A valid token is allowed
// on all of /v1, so that API Gateway can cache the policy for every route; each route checks the scope itself. A
// revoked or expired token works until API Gateway's cache expires.
package authorize

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
)

// TokenStore reads tokens.
type TokenStore interface {
	// LoadToken returns NotFound if there is no token of that id.
	LoadToken(ctx context.Context, id string) (access.Token, error)
}

// Handler is the authorizer.
type Handler struct {
	Tokens TokenStore
	Now    func() time.Time
}

// errUnauthorized becomes 401: API Gateway compares this text
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html).
var errUnauthorized = errors.New("Unauthorized") //nolint:staticcheck // the text is API Gateway's

// Handle returns a policy for a token, with the context {tenant, scopes, token_id}. Any error but errUnauthorized
// becomes 500.
func (h Handler) Handle(
	ctx context.Context, r lambdaevents.APIGatewayCustomAuthorizerRequest,
) (lambdaevents.APIGatewayCustomAuthorizerResponse, error) {
	var none lambdaevents.APIGatewayCustomAuthorizerResponse
	id, secret, ok := parseBearerToken(r.AuthorizationToken)
	if !ok {
		return none, errUnauthorized
	}
	t, err := h.Tokens.LoadToken(ctx, id)
	switch {
	case errs.KindOf(err) == errs.NotFound, err == nil && (!t.MatchesSecret(secret) || t.IsExpired(h.Now())):
		return none, errUnauthorized
	case err != nil:
		return none, err
	}
	resource, err := allRoutesResource(r.MethodArn)
	if err != nil {
		return none, err
	}
	allow := lambdaevents.IAMPolicyStatement{
		Effect: "Allow", Action: []string{"execute-api:Invoke"}, Resource: []string{resource},
	}
	return lambdaevents.APIGatewayCustomAuthorizerResponse{
		PrincipalID: t.Tenant,
		PolicyDocument: lambdaevents.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17", Statement: []lambdaevents.IAMPolicyStatement{allow},
		},
		Context: map[string]any{"tenant": t.Tenant, "scopes": strings.Join(t.Scopes, " "), "token_id": t.ID},
	}, nil
}

// parseBearerToken returns the token of an Authorization header. The scheme is case-insensitive (RFC 9110, section
// 11.1).
func parseBearerToken(header string) (id, secret string, ok bool) {
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", "", false
	}
	return access.ParseToken(strings.TrimSpace(text))
}

// allRoutesResource returns the pattern of all methods below /v1 in the stage of one method's ARN:
// arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>.
func allRoutesResource(methodARN string) (string, error) {
	api, rest, _ := strings.Cut(methodARN, "/")
	stage, _, ok := strings.Cut(rest, "/")
	if !ok || stage == "" {
		return "", errs.E("authorize.Handle", errs.Internal, fmt.Errorf("method ARN %q", methodARN))
	}
	return api + "/" + stage + "/*/v1/*", nil
}
