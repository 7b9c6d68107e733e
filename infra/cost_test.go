package main

import (
	"encoding/json"
	"testing"

	"sluice/infra/bill"
)

// TestCost holds docs/cost.md to the template, and the template to what may be spent on nothing. A resource of a type
// that has no price fails here.
func TestCost(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(onAWS())
	if err != nil {
		t.Fatal(err)
	}
	var template bill.Template
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	prices := bill.List()
	idle, err := bill.Idle(prices, template)
	if err != nil {
		t.Fatal(err)
	}
	if usd := bill.Total(idle); usd > bill.Most {
		t.Errorf("$%.2f a month while idle, more than $%.2f:\n%s", usd, bill.Most, bill.IdleTable(idle))
	}
	page, err := bill.Page(prices, idle)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/cost.md", page)
}
