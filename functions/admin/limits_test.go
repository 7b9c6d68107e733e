package admin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/apitest"
)

func TestLimitsOfATenantAreSet(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	const path = "/v1/tenants/acme/limits"
	put := func(body string) apitest.Result { return fx.DoRequest(t, apitest.IAMOperator, "PUT", path, body) }
	if got := put(`{"uploads_open": 0, "bytes_stored": 7, "minutes_stored": null}`); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 429, "quota_exceeded")
	if got := put(`{"uploads_open": 1}`); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Text)
	}
	fx.CreateUpload(t, apitest.Acme)
	fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads", apitest.UploadBody).RequireProblem(t, 429, "quota_exceeded")
	got := fx.DoRequest(t, apitest.IAMOperator, "GET", path, "")
	want := map[string]any{
		"tenant": "acme",
		"limits": map[string]any{
			"uploads_open": 1.0, "bytes_waiting": float64(200 << 30), "imports_in_flight": 500.0,
			"bytes_stored": float64(1 << 40), "minutes_stored": 20000.0, "minutes_encoded_a_day": 2000.0,
		},
		"used": map[string]any{
			"uploads_open": 1.0, "bytes_waiting": float64(20 << 20), "imports_in_flight": 0.0,
			"bytes_stored": float64(20 << 20), "minutes_stored": 0.0, "minutes_encoded_a_day": 0.0,
		},
	}
	if d := cmp.Diff(want, got.JSON); got.Status != 200 || d != "" {
		t.Errorf("%d (-want +got):\n%s", got.Status, d)
	}
}

func TestInvalidLimitsAreRejected(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/tenants", `{"name": "acme"}`)
	const path = "/v1/tenants/acme/limits"
	for _, tt := range []struct {
		name, path, body string
		status           int
		code             string
	}{
		{"negative", path, `{"uploads_open": -1}`, 422, "quota_out_of_range"},
		{"not exact in JSON", path, `{"bytes_stored": 9007199254740992}`, 422, "quota_out_of_range"},
		{"no such limit", path, `{"uploads": 1}`, 400, "field_unknown"},
		{"no such tenant", "/v1/tenants/rival/limits", `{}`, 404, "tenant_not_found"},
		{"no id of a tenant", "/v1/tenants/a%23b/limits", `{}`, 404, "tenant_not_found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fx.DoRequest(t, apitest.IAMOperator, "PUT", tt.path, tt.body).RequireProblem(t, tt.status, tt.code)
		})
	}
}
