// Command sweep removes what a deleted video owned.
package main

import (
	"sluice/functions/purge"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("purge")
	s := purge.Sweeper{Source: k.Source(), Media: k.Media(), Rows: k.Rows(), Now: k.Now}
	k.Consume(s.Handle, nil)
}
