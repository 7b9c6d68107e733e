// Command cost prints what Sluice costs: a month while idle, computed from the CloudFormation template at the given
// path, and 1,000 minutes of video. `make cost` runs it on the template that it has just made. It calls no service.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"sluice/infra/costmodel"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cost TEMPLATE.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var t costmodel.Template
	if err := json.Unmarshal(text, &t); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	prices := costmodel.LoadPrices()
	idle, err := costmodel.IdleCost(prices, t)
	if err != nil {
		return err
	}
	fmt.Printf("List prices of %s on %s; docs/cost.md says what they are for.\n\n%s\n%s\n%s", prices.Region,
		prices.Date, costmodel.IdleTable(idle), costmodel.MinutesTable(prices), costmodel.PartsTable(prices))
	return nil
}
