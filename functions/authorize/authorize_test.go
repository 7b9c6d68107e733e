package authorize_test

import (
	"context"
	"errors"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"sluice/functions/authorize"
	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/platform/store"
	"sluice/tests/rowpolicy"
)

const methodARN = "arn:aws:execute-api:eu-central-1:123456789012:abc123/prod/GET/v1/videos/vid_1"

func newHandler(tb testing.TB) authorize.Handler {
	tb.Helper()
	rows := store.NewMemory()
	t := access.Token{
		ID: "tok1", Tenant: "acme", Scopes: []string{"videos:read", "videos:write"},
		SecretHash: access.HashSecret("secret"),
	}
	if err := rows.CreateToken(tb.Context(), t); err != nil {
		tb.Fatal(err)
	}
	return authorize.Handler{Tokens: rowpolicy.LimitStore(tb, rows, "authorize"), Now: func() time.Time { return noon }}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestExpiredOrDeletedTokenIsRejected(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	rows := store.New(h.Tokens.(store.Store).Table.(rowpolicy.Table).Table)
	token := access.Token{
		ID: "tok3", Tenant: "acme", Scopes: []string{"videos:read"}, SecretHash: access.HashSecret("secret"),
		Expires: noon,
	}
	if err := rows.CreateToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]bool{noon.Add(-time.Second): true, noon: false, noon.Add(time.Hour): false} {
		h.Now = func() time.Time { return at }
		if _, err := h.Handle(t.Context(), authorizerRequest("Bearer slc_tok3_secret")); (err == nil) != want {
			t.Errorf("at %s: %v", at, err)
		}
	}
	if err := rows.DeleteToken(t.Context(), "tok1"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Handle(t.Context(), authorizerRequest("Bearer slc_tok1_secret")); err == nil {
		t.Error("a deleted token is accepted")
	}
}

func authorizerRequest(header string) lambdaevents.APIGatewayCustomAuthorizerRequest {
	return lambdaevents.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: header, MethodArn: methodARN,
	}
}

func TestValidTokenIsAllowed(t *testing.T) {
	t.Parallel()
	want := lambdaevents.APIGatewayCustomAuthorizerResponse{
		PrincipalID: "acme",
		PolicyDocument: lambdaevents.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17", Statement: []lambdaevents.IAMPolicyStatement{{
				Effect: "Allow", Action: []string{"execute-api:Invoke"},
				Resource: []string{"arn:aws:execute-api:eu-central-1:123456789012:abc123/prod/*/v1/*"},
			}},
		},
		Context: map[string]any{"tenant": "acme", "scopes": "videos:read videos:write", "token_id": "tok1"},
	}
	for _, header := range []string{"Bearer slc_tok1_secret", "bearer  slc_tok1_secret "} {
		got, err := newHandler(t).Handle(t.Context(), authorizerRequest(header))
		if err != nil {
			t.Fatalf("%q: %v", header, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", header, d)
		}
	}
}

func TestInvalidTokensAreUnauthorized(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	for _, header := range []string{
		"", "Bearer", "Bearer ", "slc_tok1_secret", "Basic slc_tok1_secret", "Bearer slc_tok1_", "Bearer slc__secret",
		"Bearer slc_tok1_Secret", "Bearer slc_tok1_secret2", "Bearer slc_tok2_secret", "Bearer slc_TOK1_secret",
		"Bearer tok1_secret", "Bearer slc_tok1#_secret", "Bearer slc_tok1_" + access.HashSecret("secret"),
	} {
		got, err := h.Handle(t.Context(), authorizerRequest(header))
		if err == nil || err.Error() != "Unauthorized" || got.PrincipalID != "" || got.Context != nil {
			t.Errorf("%q: %+v, %v", header, got, err)
		}
	}
}

// failingStore is a store that is unavailable.
type failingStore struct{}

func (failingStore) LoadToken(context.Context, string) (access.Token, error) {
	return access.Token{}, errs.E("store.LoadToken", errs.Transient, errors.New("unavailable"))
}

// Clients discard a token after 401.
func TestStoreFailureIsNotUnauthorized(t *testing.T) {
	t.Parallel()
	if _, err := (authorize.Handler{Tokens: failingStore{}}).Handle(
		t.Context(), authorizerRequest("Bearer slc_tok1_secret"),
	); errs.KindOf(err) != errs.Transient {
		t.Errorf("store unavailable: %v", err)
	}
	request := authorizerRequest("Bearer slc_tok1_secret")
	for _, request.MethodArn = range []string{
		"", "arn:aws:execute-api:x:1:abc", "arn:aws:execute-api:x:1:abc/prod", "arn:aws:execute-api:x:1:abc//GET/",
	} {
		if got, err := newHandler(t).Handle(t.Context(), request); errs.KindOf(err) != errs.Internal {
			t.Errorf("%q: %+v, %v", request.MethodArn, got, err)
		}
	}
}
