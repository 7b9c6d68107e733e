// Command api is the front door: uploads, and what became of a video.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"strings"

	"sluice/shared/api"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/intake"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/outbound"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/telemetry/trace"
)

func main() {
	k := runtime.New("api")
	rows, source := k.Rows(), originals{k.Source()}
	desk := intake.Desk{Rows: rows, Parts: source, NewPlayback: newPlayback, Now: k.Now}
	a := &api.API{
		Rows: rows, Videos: rows, Parts: source, Originals: source, Publisher: k.Sender(), Claims: rows, Desk: desk, CheckURL: fetchable,
		PublicURL: os.Getenv(services.EnvPublicURL), MediaURL: os.Getenv(services.EnvPlaybackURL), Origins: strings.Split(os.Getenv(services.EnvOrigins), ","), Entropy: rand.Reader, Now: k.Now, Log: k.Log,
		Trace: trace.Header, About: runtime.About,
	}
	h, err := a.Handler()
	k.Both(h, err, intake.Producers{Desk: desk, Grants: rows, Trace: trace.Header, About: runtime.About}.Handle)
}

func fetchable(address string) error {
	_, err := outbound.Parse(address)
	return err
}

func newPlayback(tenant string) (string, error) { return playback.NewID(tenant, rand.Reader) }

// originals is the source bucket as package api wants it.
type originals struct{ *blob.Bucket }

// Size returns an object's bytes; NotFound if there is none.
func (o originals) Size(ctx context.Context, key string) (int64, error) {
	info, err := o.Head(ctx, key)
	return info.Size, err
}
