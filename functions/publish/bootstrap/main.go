// Command publish owns the videos' rows and playlists, and tells subscribers of changes.
package main

import (
	"sluice/functions/publish"
	"sluice/shared/domain/services"
	"sluice/shared/platform/denylist"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/database"
	"sluice/shared/platform/runtime/messages"
	"sluice/shared/platform/runtime/scaler"
)

func main() {
	r := runtime.New("publish")
	rows := database.Open(r)
	p := publish.VideoOwner{
		Videos: rows, Tasks: rows, Playlists: buckets.OpenMedia(r), Now: r.Now, Log: r.Log,
		DenyList: denylist.SignallingStore{Rules: rows, Invoke: scaler.NewInvoker(r, "reconcile"), Log: r.Log},
		FairShare: publish.FairShare{
			Limits: rows, WaitQueue: rows, Videos: rows, MaxInFlight: r.PositiveInt(services.EnvInFlightLimit),
			Now:     r.Now,
			Backoff: publish.BackOffWithJitter,
		},
	}
	notifier := scaler.NewNotifier(r, "reconcile")
	messages.ConsumeQueueTogether(r, notifier.WrapHandler(p.Handle), notifier.WrapBatchHandler(p.HandleBatch))
}
