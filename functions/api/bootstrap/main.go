// Command api is the front door: uploads, and what became of a video.
package main

import (
	"crypto/rand"
	"os"

	"sluice/shared/api"
	"sluice/shared/domain/services"
	"sluice/shared/intake"
	"sluice/shared/platform/outbound"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/telemetry/trace"
)

func main() {
	k := runtime.New("api")
	rows, source := k.Rows(), k.Source()
	desk := intake.Desk{Rows: rows, Parts: source, NewPlayback: intake.NewPlaybackID, Now: k.Now}
	a := &api.API{
		Rows: rows, Videos: rows, Parts: source, Originals: source, Publisher: k.Sender(), Claims: rows, Desk: desk, CheckURL: outbound.CheckURL,
		PublicURL: os.Getenv(services.EnvPublicURL), MediaURL: os.Getenv(services.EnvPlaybackURL), Origins: k.Origins(), Entropy: rand.Reader, Now: k.Now, Log: k.Log,
		Trace: trace.Header, About: runtime.About,
	}
	h, err := a.Handler()
	k.Both(h, err, intake.Producers{Desk: desk, Grants: rows, Trace: trace.Header, About: runtime.About}.Handle)
}
