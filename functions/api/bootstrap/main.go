// Command api serves the tenants' API, and takes requests from producers' queues.
package main

import (
	"crypto/rand"
	"os"

	"sluice/functions/api"
	"sluice/functions/api/commands"
	"sluice/functions/api/ingest"
	"sluice/shared/domain/services"
	"sluice/shared/platform/outbound"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/database"
	"sluice/shared/platform/runtime/messages"
	"sluice/shared/platform/telemetry/trace"
)

func main() {
	r := runtime.New("api")
	rows, source := database.Open(r), buckets.OpenSource(r)
	creator := ingest.VideoCreator{Videos: rows, Multipart: source, NewPlaybackID: ingest.NewPlaybackID, Now: r.Now}
	runner := commands.Runner{Videos: rows, Multipart: source}
	a := &api.API{
		Uploads: rows, Videos: rows, Usage: rows, Multipart: source, Originals: source,
		Publisher: messages.NewSender(r), Idempotency: rows, VideoCreator: creator, Commands: runner, DenyList: rows,
		CheckURL: outbound.CheckURL, PublicURL: os.Getenv(services.EnvPublicURL),
		MediaURL: os.Getenv(services.EnvPlaybackURL), Origins: r.Origins(),
		Entropy: rand.Reader, Now: r.Now, Sleep: runtime.Sleep, Log: r.Log,
		TraceHeader: trace.HeaderFromContext, AnnotateVideo: runtime.AnnotateVideo,
	}
	h, err := a.Handler()
	create := ingest.ProducerHandler{
		Creator: creator, Producers: rows, TraceHeader: trace.HeaderFromContext, AnnotateVideo: runtime.AnnotateVideo,
	}
	producers := commands.MessageHandler{
		Runner: runner, Create: create.Handle, Producers: rows, Idempotency: rows, Now: r.Now,
		AnnotateVideo: runtime.AnnotateVideo,
	}
	messages.ServeRoutesAndQueue(r, h, err, producers.Handle, producers.OnExhausted)
}
