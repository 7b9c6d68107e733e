package api_test

import (
	"slices"
	"testing"
)

// TestATokenIsToldWhatItIs: whatever its scopes.
func TestATokenIsToldWhatItIs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		who    who
		status int
		scopes []any
	}{
		{"reader", who{tenant: "acme", scopes: "videos:read"}, 200, []any{"videos:read"}},
		{"operator", warden, 200, []any{"operator"}},
		{"nobody", nobody, 401, nil},
		{"operator by IAM", operator, 401, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).do(t, row.who, "GET", "/v1/token", "")
			scopes, _ := got.json["scopes"].([]any)
			if got.status != row.status || !slices.Equal(scopes, row.scopes) || row.status == 200 && got.str("tenant") != row.who.tenant {
				t.Errorf("%d %s", got.status, got.text)
			}
		})
	}
}
