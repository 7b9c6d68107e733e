// Command fetch brings originals in from producers' buckets and https URLs.
package main

import (
	"sluice/functions/fetch"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("fetch")
	f := fetch.Fetcher{Into: k.Source(), From: k.Source(), Web: k.Web(), Producers: k.Producers(), Now: k.Now}
	k.Consume(f.Handle, f.GiveUp)
}
