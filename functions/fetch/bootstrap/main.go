// Command fetch copies originals from producers' buckets and https URLs into the source bucket.
package main

import (
	"sluice/functions/fetch"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("fetch")
	f := fetch.Fetcher{
		Uploads: k.SourceBucket(), Objects: k.SourceBucket(), Web: k.WebClient(), AllowedBuckets: k.ProducerBuckets(),
		Now: k.Now,
	}
	k.ConsumeQueue(f.Handle, f.OnExhausted)
}
