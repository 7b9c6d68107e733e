// Command api serves the tenants' API, and takes requests from producers' queues.
package main

import (
	"crypto/rand"
	"os"

	"sluice/functions/api"
	"sluice/functions/api/ingest"
	"sluice/shared/domain/services"
	"sluice/shared/platform/outbound"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/telemetry/trace"
)

func main() {
	k := runtime.New("api")
	rows, source := k.Store(), k.SourceBucket()
	creator := ingest.VideoCreator{Videos: rows, Multipart: source, NewPlaybackID: ingest.NewPlaybackID, Now: k.Now}
	a := &api.API{
		Uploads: rows, Videos: rows, Multipart: source, Originals: source, Publisher: k.EventSender(),
		Idempotency: rows, VideoCreator: creator, CheckURL: outbound.CheckURL,
		PublicURL: os.Getenv(services.EnvPublicURL), MediaURL: os.Getenv(services.EnvPlaybackURL), Origins: k.Origins(),
		Entropy: rand.Reader, Now: k.Now, Log: k.Log,
		TraceHeader: trace.HeaderFromContext, AnnotateVideo: runtime.AnnotateVideo,
	}
	h, err := a.Handler()
	k.ServeRoutesAndQueue(
		h, err,
		ingest.ProducerHandler{
			Creator: creator, Producers: rows, TraceHeader: trace.HeaderFromContext,
			AnnotateVideo: runtime.AnnotateVideo,
		}.Handle,
	)
}
