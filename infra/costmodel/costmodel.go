// Package costmodel computes what AWS charges for Sluice: dollars a month while nothing happens, from the
// CloudFormation template (IdleCost), and dollars for 1,000 minutes of video, from how videos are split into tasks
// (WorkloadCost). Both are pure functions of the dated list of prices in prices.json. Nothing here calls AWS.
//
// A resource type or a setting without a known price is an error.
package costmodel

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed prices.json
var pricesJSON []byte

// Price is what AWS charges: USD for each Per units of Of.
type Price struct {
	USD    float64
	Per    float64
	Of     string
	Source string // URL of AWS's page
}

// Prices are AWS's list prices in one region on one day, without the free tier.
type Prices struct {
	Date   string // of the list
	Region string
	Prices map[string]Price
}

// Line is one entry of a bill.
type Line struct {
	What     string  // what the money is for
	Quantity float64 // in units of Of
	Of       string
	USD      float64
}

// LoadPrices returns the prices in prices.json.
func LoadPrices() Prices {
	var p Prices
	if err := json.Unmarshal(pricesJSON, &p); err != nil {
		panic(fmt.Sprintf("prices.json: %v", err)) // the file is embedded, and every test reads it
	}
	return p
}

// newLine returns the entry for a quantity at the price called name. It panics if there is no such price.
func (p Prices) newLine(what, name string, quantity float64) Line {
	price, ok := p.Prices[name]
	if !ok {
		panic("no price " + name) // names are constants, and a test uses each
	}
	return Line{What: what, Quantity: quantity, Of: price.Of, USD: quantity * price.USD / price.Per}
}

// TotalCost returns the sum of all lines in USD.
func TotalCost(lines []Line) (usd float64) {
	for _, l := range lines {
		usd += l.USD
	}
	return usd
}

// mergeLines adds up the lines with the same purpose and unit, and keeps their order.
func mergeLines(lines []Line) []Line {
	var merged []Line
	at := map[[2]string]int{}
	for _, l := range lines {
		key := [2]string{l.What, l.Of}
		i, seen := at[key]
		if !seen {
			at[key] = len(merged)
			merged = append(merged, l)
			continue
		}
		merged[i].Quantity += l.Quantity
		merged[i].USD += l.USD
	}
	return merged
}
