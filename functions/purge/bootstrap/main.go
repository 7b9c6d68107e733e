// Command sweep removes what a deleted video owned.
package main

import (
	"sluice/functions/purge"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("purge")
	s := purge.Purger{Source: k.SourceBucket(), Media: k.MediaBucket(), Results: k.Store(), Now: k.Now}
	k.ConsumeQueue(s.Handle, nil)
}
