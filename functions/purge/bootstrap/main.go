// Command purge deletes what a deleted video owned.
package main

import (
	"sluice/functions/purge"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("purge")
	p := purge.Purger{Source: k.SourceBucket(), Media: k.MediaBucket(), Results: k.Store(), Now: k.Now}
	k.ConsumeQueue(p.Handle, nil)
}
