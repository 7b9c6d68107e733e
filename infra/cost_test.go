package main

import (
	"encoding/json"
	"testing"

	"sluice/infra/bill"
)

// The template also has to stay within bill.MaxIdleCost. A resource of a type that has no price fails here.
func TestCostPageMatchesTemplate(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(awsTemplate())
	if err != nil {
		t.Fatal(err)
	}
	var template bill.Template
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	prices := bill.LoadPrices()
	idle, err := bill.IdleCost(prices, template)
	if err != nil {
		t.Fatal(err)
	}
	if usd := bill.TotalCost(idle); usd > bill.MaxIdleCost {
		t.Errorf("$%.2f a month while idle, more than $%.2f:\n%s", usd, bill.MaxIdleCost, bill.IdleTable(idle))
	}
	page, err := bill.RenderPage(prices, idle)
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "../../docs/cost.md", page)
}
