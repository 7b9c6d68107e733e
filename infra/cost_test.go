package main

import (
	"encoding/json"
	"testing"

	"sluice/infra/costmodel"
)

// The template also has to stay within costmodel.MaxIdleCost. A resource of a type that has no price fails here.
func TestCostPageMatchesTemplate(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(awsTemplate())
	if err != nil {
		t.Fatal(err)
	}
	var template costmodel.Template
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	prices := costmodel.LoadPrices()
	idle, err := costmodel.IdleCost(prices, template)
	if err != nil {
		t.Fatal(err)
	}
	if usd := costmodel.TotalCost(idle); usd > costmodel.MaxIdleCost {
		t.Errorf(
			"$%.2f a month while idle, more than $%.2f:\n%s", usd, costmodel.MaxIdleCost, costmodel.IdleTable(idle),
		)
	}
	page, err := costmodel.RenderPage(prices, idle)
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "../../docs/cost.md", page)
}
