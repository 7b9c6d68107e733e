package admin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/access"
	"sluice/tests/apitest"
)

func TestProducersAreCreatedListedAndDeleted(t *testing.T) {
	t.Parallel()
	fx, _ := apitest.NewWithRecords(t)
	id := access.ProducerID("AIDAIENQZJOLO23YVJ4VO", "films", "in/")
	want := map[string]any{
		"id": id, "sender": "AIDAIENQZJOLO23YVJ4VO", "bucket": "films", "prefix": "in/", "tenant": "acme",
		"commands": []any{"create"}, "created_at": "2026-11-22T12:00:00.000Z",
	}
	got := fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/sources", apitest.ProducerBody)
	if d := cmp.Diff(want, got.JSON); got.Status != 201 || d != "" {
		t.Fatalf("%d %s", got.Status, d)
	}
	if stored, err := fx.Store.ListProducersBySender(
		t.Context(), "AIDAIENQZJOLO23YVJ4VO",
	); err != nil || len(stored) != 1 || stored[0].Tenant != "acme" {
		t.Errorf("stored %v, %v", stored, err)
	}
	fx.DoRequest(
		t, apitest.IAMOperator, "POST", "/v1/sources", apitest.ProducerBody,
	).RequireProblem(t, 409, "source_exists")
	if d := cmp.Diff(
		map[string]any{"sources": []any{want}}, fx.DoRequest(t, apitest.IAMOperator, "GET", "/v1/sources", "").JSON,
	); d != "" {
		t.Error(d)
	}
	e := apitest.IAMOperator.NewEvent("DELETE", "/v1/sources/"+id, "")
	if out, err := fx.CallAdmin(t.Context(), e); err != nil || out.StatusCode != 204 {
		t.Errorf("%d %s %v", out.StatusCode, out.Body, err)
	}
	fx.DoRequest(t, apitest.IAMOperator, "DELETE", "/v1/sources/"+id, "").RequireProblem(t, 404, "source_not_found")
	if d := cmp.Diff(
		map[string]any{"sources": []any{}}, fx.DoRequest(t, apitest.IAMOperator, "GET", "/v1/sources", "").JSON,
	); d != "" {
		t.Error(d)
	}
}

func TestCreateProducerRejectsInvalidFields(t *testing.T) {
	t.Parallel()
	fx, _ := apitest.NewWithRecords(t)
	for _, row := range []struct{ name, body, code, pointer string }{
		{
			"sender that is no principal id", `{"sender": "me", "bucket": "films", "tenant": "acme"}`, "sender_invalid",
			"/sender",
		},
		{
			"Sluice's own bucket", `{"sender": "123456789012", "bucket": "sluice-datasource-1", "tenant": "acme"}`,
			"bucket_refused", "/bucket",
		},
		{
			"an ARN", `{"sender": "123456789012", "bucket": "arn:aws:s3:::films", "tenant": "acme"}`, "bucket_refused",
			"/bucket",
		},
		{
			"control character", `{"sender": "123456789012", "bucket": "films", "prefix": "a\u0000", "tenant": "acme"}`,
			"prefix_invalid", "/prefix",
		},
		{
			"command that producers can't send",
			`{"sender": "123456789012", "bucket": "films", "tenant": "acme", "commands": ["create", "redrive"]}`,
			"command_unknown", "/commands/1",
		},
		{
			"unknown tenant", `{"sender": "123456789012", "bucket": "films", "tenant": "nobody"}`, "tenant_not_found",
			"/tenant",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/sources", row.body)
			got.RequireProblem(t, 422, row.code)
			if apitest.FirstErrorPointer(got) != row.pointer {
				t.Errorf("pointer %s", apitest.FirstErrorPointer(got))
			}
		})
	}
}

func TestRegistrationNamesCommands(t *testing.T) {
	t.Parallel()
	fx, _ := apitest.NewWithRecords(t)
	got := fx.DoRequest(t, apitest.IAMOperator, "POST", "/v1/sources",
		`{"sender": "123456789012", "bucket": "films", "tenant": "acme", "commands": ["delete", "create", "delete"]}`)
	stored, err := fx.Store.ListProducersBySender(t.Context(), "123456789012")
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if d := cmp.Diff([]string{"create", "delete"}, stored[0].Commands); got.Status != 201 || d != "" {
		t.Errorf("%d %s", got.Status, d)
	}
}
