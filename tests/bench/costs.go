package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"sluice/infra/costmodel"
)

// templateFile is the template of a deployment with the defaults, as make synth writes it.
const templateFile = "cdk.out/Sluice.template.json"

// slowerCore is how much slower a core of Lambda is taken to be than the one on which encoding was measured.
const slowerCore = 2

// measureCosts returns what a month costs in which nothing happens, and what 1,000 minutes of 1080p cost beside AWS
// Elemental MediaConvert. They are computed from list prices and measured times: docs/cost.md.
func measureCosts(context.Context, settings) (rows []row, err error) {
	text, err := os.ReadFile(templateFile)
	if err != nil {
		return nil, err
	}
	var t costmodel.Template
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, fmt.Errorf("%s: %w", templateFile, err)
	}
	prices := costmodel.LoadPrices()
	idle, err := costmodel.IdleCost(prices, t)
	if err != nil {
		return nil, err
	}
	rows = append(rows, newRow("idle_dollars_month", "$", sample{costmodel.TotalCost(idle)}, 5))
	for _, fps := range []int{30, 60} {
		w := costmodel.NewWorkload(fps)
		ours := costmodel.TotalCost(costmodel.WorkloadCost(prices, w, slowerCore))
		theirs := costmodel.TotalCost(costmodel.MediaConvertCost(prices, w))
		rows = append(rows, newRatioRow(
			fmt.Sprintf("cost_ratio_mediaconvert_%dfps", fps), "$", sample{ours}, sample{theirs}, 0.25,
		))
	}
	return rows, nil
}
