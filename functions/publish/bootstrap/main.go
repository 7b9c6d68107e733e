// Command publish owns the videos' rows and playlists, and tells subscribers of changes.
package main

import (
	"sluice/functions/publish"
	"sluice/shared/platform/runtime"
)

func main() {
	r := runtime.New("publish")
	rows := r.Store()
	p := publish.VideoOwner{
		Videos: rows, Playlists: r.MediaBucket(), DenyList: rows, Now: r.Now, Log: r.Log,
		FairShare: publish.FairShare{
			Limits: rows, WaitQueue: rows, Videos: rows, MaxInFlight: r.InFlightLimit(), Now: r.Now,
			Backoff: publish.BackOffWithJitter,
		},
	}
	r.ConsumeQueue(r.ScaleNotifier("reconcile").WrapHandler(p.Handle), nil)
}
