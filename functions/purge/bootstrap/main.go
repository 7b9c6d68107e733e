// Command purge deletes what a deleted video owned.
package main

import (
	"sluice/functions/purge"
	"sluice/shared/platform/runtime"
)

func main() {
	r := runtime.New("purge")
	p := purge.Purger{Source: r.SourceBucket(), Media: r.MediaBucket(), Results: r.Store(), Now: r.Now}
	r.ConsumeQueue(p.Handle, nil)
}
