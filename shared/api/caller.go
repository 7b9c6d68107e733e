package api

import (
	"context"
	"strings"

	lambdaevents "github.com/aws/aws-lambda-go/events"
)

// caller is who sent a request and through which door, as the gateway says it.
type caller struct {
	tenant    string   // "" unless the authorizer let a token in
	scopes    []string // of the token
	token     string   // its id
	arn       string   // "" unless the request was signed by an IAM principal
	requestID string
	base      string // URL of the stage it came through
}

// owner returns whose an Idempotency-Key is: the tenant's, or the operator's, whatever their session is called.
func (c caller) owner() string {
	if c.tenant != "" {
		return c.tenant
	}
	arn := c.arn
	if strings.Contains(arn, ":assumed-role/") {
		arn = arn[:strings.LastIndexByte(arn, '/')]
	}
	return digest([]byte(arn)) // is no tenant's id: it is too long
}

type callerKey struct{}

func newCaller(rc lambdaevents.APIGatewayProxyRequestContext) caller {
	word := func(name string) string {
		s, _ := rc.Authorizer[name].(string)
		return s
	}
	return caller{
		tenant: word("tenant"), scopes: strings.Fields(word("scopes")), token: word("token_id"), arn: rc.Identity.UserArn,
		requestID: rc.RequestID, base: "https://" + rc.DomainName + "/" + rc.Stage,
	}
}

// callerOf returns the caller that Gateway has put into a request's context; nobody if it has not.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}
