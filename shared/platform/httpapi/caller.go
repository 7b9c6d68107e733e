package httpapi

import (
	"context"
	"strings"

	lambdaevents "github.com/aws/aws-lambda-go/events"
)

// Caller is who sent a request and through which door, as the gateway says it.
type Caller struct {
	Tenant    string   // "" unless the authorizer let a token in
	Scopes    []string // of the token
	TokenID   string   // its id
	ARN       string   // "" unless the request was signed by an IAM principal
	RequestID string
	BaseURL   string // URL of the stage it came through
}

// idempotencyOwner returns whose an Idempotency-Key is: the tenant's, or the operator's, whatever their session is called.
func (c Caller) idempotencyOwner() string {
	if c.Tenant != "" {
		return c.Tenant
	}
	arn := c.ARN
	if strings.Contains(arn, ":assumed-role/") {
		arn = arn[:strings.LastIndexByte(arn, '/')]
	}
	return hashHex([]byte(arn)) // is no tenant's id: it is too long
}

type callerKey struct{}

func newCaller(rc lambdaevents.APIGatewayProxyRequestContext) Caller {
	word := func(name string) string {
		s, _ := rc.Authorizer[name].(string)
		return s
	}
	return Caller{
		Tenant: word("tenant"), Scopes: strings.Fields(word("scopes")), TokenID: word("token_id"), ARN: rc.Identity.UserArn,
		RequestID: rc.RequestID, BaseURL: "https://" + rc.DomainName + "/" + rc.Stage,
	}
}

// CallerFromContext returns the caller that Gateway has put into a request's context; nobody if it has not.
func CallerFromContext(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
