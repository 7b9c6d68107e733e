// Command purge deletes what a deleted video owned.
package main

import (
	"sluice/functions/purge"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/database"
	"sluice/shared/platform/runtime/messages"
)

func main() {
	r := runtime.New("purge")
	p := purge.Purger{Source: buckets.OpenSource(r), Media: buckets.OpenMedia(r), Results: database.Open(r), Now: r.Now}
	messages.ConsumeQueue(r, p.Handle, nil)
}
