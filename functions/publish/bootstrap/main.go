// Command publish decides what happens to a video, writes its row and its playlists, and tells the world.
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
		FairShare: publish.FairShare{Limits: rows, WaitQueue: rows, Videos: rows, MaxInFlight: k.InFlightLimit(), Now: k.Now, Backoff: publish.BackOffWithJitter},
	}
	k.ConsumeQueue(k.ScaleNotifier("reconcile").WrapHandler(p.Handle), nil)
}
