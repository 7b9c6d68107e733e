//go:build integration

package e2e

import "testing"

// TestTenantLimitsApplyToUploads sets a limit of a tenant, and takes it back.
func TestTenantLimitsApplyToUploads(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	c, operator := d.newCaller(t, "limited"), d.operatorCaller(t)
	const path, upload = "/v1/tenants/limited/limits", `{"file_name": "a.mp4", "size": 1000}`
	operator.sendRequest(t, 200, "PUT", path, `{"uploads_open": 0}`)
	refused, _ := c.sendRequest(t, 429, "POST", "/v1/uploads", upload)
	quota, _ := refused["quota"].(map[string]any)
	if refused["code"] != "quota_exceeded" || quota["name"] != "uploads_open" {
		t.Errorf("refused with %v", refused)
	}
	operator.sendRequest(t, 200, "PUT", path, `{}`)
	made, _ := c.sendRequest(t, 201, "POST", "/v1/uploads", upload)
	usage, _ := c.sendRequest(t, 200, "GET", "/v1/usage", "")
	if usage["limits"] == nil {
		t.Errorf("usage %v", usage)
	}
	c.sendRequest(t, 204, "DELETE", "/v1/uploads/"+made["upload_id"].(string), "")
}
