//go:build integration

package e2e

import (
	"testing"
	"time"

	"sluice/shared/domain/access"
)

// TestPromise04_PoisonMessageBecomesDeadLetter sends an invalid message. It must become a dead letter with a reason at
// once. Redriven, it becomes another dead letter, until an operator discards it. Tenants must not see it.
func TestPromise04_PoisonMessageBecomesDeadLetter(t *testing.T) {
	d := openDeployment(t)
	c := d.newCaller(t, "operators", access.ScopeOperator)
	poison := "poison " + t.Name() + time.Now().String()
	d.sendMessage(t, "InboxEncode", poison)
	first := d.waitForDeadLetter(t, c, poison, "")
	if first["state"] != "open" || first["kind"] != "invalid" || first["reason"] == "" || first["attempts"] != 1.0 ||
		first["age_seconds"].(float64) > 60 {
		t.Errorf("filed as %v", first)
	}
	path := "/v1/dead-letters/" + first["id"].(string)

	redriven, _ := c.sendRequest(
		t, 200, "POST", path+"/redrive", "", "Idempotency-Key", "redrive "+first["id"].(string),
	)
	again, _ := c.sendRequest(t, 200, "POST", path+"/redrive", "", "Idempotency-Key", "redrive "+first["id"].(string))
	if redriven["state"] != "redriven" || again["redrives"] != 1.0 {
		t.Errorf("redriven as %v, then %v", redriven, again)
	}
	second := d.waitForDeadLetter(t, c, poison, first["id"].(string))
	path = "/v1/dead-letters/" + second["id"].(string)
	c.sendRequest(t, 422, "POST", path+"/discard", `{"reason": ""}`)
	if gone, _ := c.sendRequest(
		t, 200, "POST", path+"/discard", `{"reason": "sent by a test"}`,
	); gone["state"] != "discarded" || gone["note"] != "sent by a test" {
		t.Errorf("discarded as %v", gone)
	}
	c.sendRequest(t, 409, "POST", path+"/redrive", "")
	if left, _ := c.sendRequest(
		t, 200, "POST", "/v1/dead-letters/redrive", `{"service": "encode", "code": "of nothing"}`,
	); left["redriven"] != 0.0 || left["left"] != 0.0 {
		t.Errorf("of many: %v", left)
	}

	d.newCaller(t, "operators").sendRequest(t, 403, "GET", "/v1/dead-letters", "")
}

// waitForDeadLetter waits for the newest dead letter of encode with a body, other than the one with the id but, and
// returns it.
func (d deployment) waitForDeadLetter(t *testing.T, c apiCaller, body, but string) (found map[string]any) {
	t.Helper()
	d.waitUntil(t, func() bool {
		d.runReconciler(t)
		page, _ := c.sendRequest(t, 200, "GET", "/v1/dead-letters?service=encode&state=open&limit=5", "")
		for _, l := range page["letters"].([]any) {
			id := l.(map[string]any)["id"].(string)
			found, _ = c.sendRequest(t, 200, "GET", "/v1/dead-letters/"+id, "")
			if found["body"] == body && id != but {
				return true
			}
		}
		return false
	})
	return found
}
