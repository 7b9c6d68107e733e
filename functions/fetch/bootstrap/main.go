// Command fetch copies originals from producers' buckets and https URLs into the source bucket.
package main

import (
	"sluice/functions/fetch"
	"sluice/shared/platform/runtime"
)

func main() {
	r := runtime.New("fetch")
	f := fetch.Fetcher{
		Uploads: r.SourceBucket(), Objects: r.SourceBucket(), Web: r.WebClient(), AllowedBuckets: r.ProducerBuckets(),
		Now: r.Now,
	}
	r.ConsumeQueue(f.Handle, f.OnExhausted)
}
