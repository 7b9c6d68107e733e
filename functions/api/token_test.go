package api_test

import (
	"slices"
	"testing"

	"sluice/tests/apitest"
)

func TestShowTokenReturnsTenantAndScopes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		caller apitest.Caller
		status int
		scopes []any
	}{
		{"reader", apitest.Caller{Tenant: "acme", Scopes: "videos:read"}, 200, []any{"videos:read"}},
		{"operator", apitest.OperatorToken, 200, []any{"operator"}},
		{"nobody", apitest.Nobody, 401, nil},
		{"IAM operator", apitest.IAMOperator, 401, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := apitest.New(t).DoRequest(t, row.caller, "GET", "/v1/token", "")
			scopes, _ := got.JSON["scopes"].([]any)
			if got.Status != row.status || !slices.Equal(scopes, row.scopes) ||
				row.status == 200 && got.Field("tenant") != row.caller.Tenant {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}
