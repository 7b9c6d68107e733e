// Command sweep removes what a deleted video owned.
package main

import (
	"sluice/functions/sweep"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("sweep")
	s := sweep.Sweeper{Source: k.Source(), Media: k.Media(), Rows: k.Rows(), Now: k.Now}
	k.Consume(s.Handle, nil)
}
