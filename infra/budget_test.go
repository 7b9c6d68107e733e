package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The setting monthly_budget makes a budget that notifies the topic of the alarms, which lets it; without the setting
// there is none.
func TestBudgetNotifiesTheAlarmTopic(t *testing.T) {
	t.Parallel()
	if !awsTemplate().hasNone("Budgets::Budget") {
		t.Error("a budget without the setting")
	}
	all := sharedAccountTemplate().resourcesOfType("Budgets::Budget")
	if len(all) != 1 {
		t.Fatalf("%d budgets", len(all))
	}
	for _, r := range all {
		budget := r.property("Budget").(map[string]any)
		want := map[string]any{
			"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": map[string]any{"Amount": 100.0, "Unit": "USD"},
		}
		if d := cmp.Diff(want, budget); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		var kinds []any
		for _, n := range toList(r.property("NotificationsWithSubscribers")) {
			notice := resource{Properties: n.(map[string]any)}
			kinds = append(kinds, notice.property("Notification").(map[string]any)["NotificationType"])
			for _, s := range toList(notice.property("Subscribers")) {
				if to := renderValue(s.(map[string]any)["Address"]); to != "AlarmsTopic" {
					t.Errorf("notifies %s", to)
				}
			}
		}
		if d := cmp.Diff([]any{"FORECASTED", "ACTUAL"}, kinds); d != "" {
			t.Errorf("kinds (-want +got):\n%s", d)
		}
	}
}
