// Command publish owns the videos' rows and playlists, and tells subscribers of changes.
package main

import (
	"sluice/functions/publish"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("publish")
	rows := k.Store()
	p := publish.VideoOwner{
		Videos: rows, Playlists: k.MediaBucket(), Now: k.Now, Log: k.Log,
		FairShare: publish.FairShare{
			Limits: rows, WaitQueue: rows, Videos: rows, MaxInFlight: k.InFlightLimit(), Now: k.Now,
			Backoff: publish.BackOffWithJitter,
		},
	}
	k.ConsumeQueue(k.ScaleNotifier("reconcile").WrapHandler(p.Handle), nil)
}
