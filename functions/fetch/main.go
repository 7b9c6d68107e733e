// Command fetch brings originals in from producers' buckets and https URLs.
package main

import (
	"os"

	"sluice/shared/fetch"
	"sluice/shared/wire"
)

func main() {
	k := wire.New("fetch")
	web, err := k.Web()
	if err != nil {
		k.Log.Error("can't start", "error", err)
		os.Exit(1)
	}
	f := fetch.Fetcher{Into: k.Source(), From: k.Source(), Web: web, Producers: k.Producers(), Now: k.Now}
	k.Consume(f.Handle, f.GiveUp)
}
