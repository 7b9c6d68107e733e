// Package bill computes what AWS charges for Sluice: dollars a month while nothing happens, from the CloudFormation
// template (Idle), and dollars for a thousand minutes of video, from how videos are cut (Minutes). Both are pure
// functions over the dated list of prices in prices.json; nothing here calls AWS.
//
// It refuses to guess: a resource type, or a setting, that it has no price for is an error.
package bill

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed prices.json
var pricesJSON []byte

// Price is what AWS charges: USD for each Per of something.
type Price struct {
	USD    float64
	Per    float64
	Of     string
	Source string // AWS's page
}

// Prices are AWS's list prices in one region on one day, without the free tier.
type Prices struct {
	Date   string // of the list
	Region string
	Prices map[string]Price
}

// Line is one entry of a bill.
type Line struct {
	What     string  // what it is for
	Quantity float64 // of what Of says
	Of       string
	USD      float64
}

// LoadPrices returns the prices of prices.json.
func LoadPrices() Prices {
	var p Prices
	if err := json.Unmarshal(pricesJSON, &p); err != nil {
		panic(fmt.Sprintf("prices.json: %v", err)) // it is built in, and read by every test
	}
	return p
}

// newLine returns the entry for a quantity of what name is the price of.
func (p Prices) newLine(what, name string, quantity float64) Line {
	price, ok := p.Prices[name]
	if !ok {
		panic("no price " + name) // names are ours, and every one is used in a test
	}
	return Line{What: what, Quantity: quantity, Of: price.Of, USD: quantity * price.USD / price.Per}
}

// TotalCost returns the dollars of all lines.
func TotalCost(lines []Line) (usd float64) {
	for _, l := range lines {
		usd += l.USD
	}
	return usd
}

// mergeLines adds up the lines for the same thing, in the order in which they came.
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
