// Command sweep removes what a deleted video owned.
package main

import (
	"sluice/shared/pipeline"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("sweep")
	s := pipeline.Sweeper{Source: k.Source(), Media: k.Media(), Rows: k.Rows(), Now: k.Now}
	k.Consume(s.Handle, nil)
}
