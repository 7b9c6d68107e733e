package httpapi

import (
	"context"
	"strings"

	lambdaevents "github.com/aws/aws-lambda-go/events"
)

// Caller is who sent a request, as API Gateway's authorizers say it.
type Caller struct {
	Tenant    string   // "" unless the authorizer accepted a token
	Scopes    []string // of the token
	TokenID   string   // id of the token
	ARN       string   // "" unless the request was signed by an IAM principal
	RequestID string
	BaseURL   string // URL of the API's stage
}

// idempotencyOwner returns the owner of the caller's Idempotency-Keys: the tenant, or the IAM principal without its
// session name.
func (c Caller) idempotencyOwner() string {
	if c.Tenant != "" {
		return c.Tenant
	}
	arn := c.ARN
	if strings.Contains(arn, ":assumed-role/") {
		arn = arn[:strings.LastIndexByte(arn, '/')]
	}
	return hashHex([]byte(arn)) // longer than any tenant's id
}

type callerKey struct{}

func newCaller(rc lambdaevents.APIGatewayProxyRequestContext) Caller {
	word := func(name string) string {
		s, _ := rc.Authorizer[name].(string)
		return s
	}
	return Caller{
		Tenant: word("tenant"), Scopes: strings.Fields(word("scopes")), TokenID: word("token_id"),
		ARN: rc.Identity.UserArn, RequestID: rc.RequestID, BaseURL: "https://" + rc.DomainName + "/" + rc.Stage,
	}
}

// CallerFromContext returns the caller that NewGatewayFunc has put into a request's context, or the zero Caller.
func CallerFromContext(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
