// Command fetch copies originals from producers' buckets and https URLs into the source bucket.
package main

import (
	"sluice/functions/fetch"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/messages"
	"sluice/shared/platform/runtime/webclient"
)

func main() {
	r := runtime.New("fetch")
	f := fetch.Fetcher{
		Uploads: buckets.OpenSource(r), Objects: buckets.OpenSource(r), Web: webclient.New(r),
		AllowedBuckets: buckets.ListProducers(),
		Now:            r.Now,
	}
	messages.ConsumeQueue(r, f.Handle, f.OnExhausted)
}
