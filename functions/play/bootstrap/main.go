// Command play serves media where there is no CDN, and the watch page.
package main

import (
	"os"

	"sluice/functions/play"
	"sluice/shared/domain/services"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/database"
	"sluice/shared/platform/runtime/secrets"
)

func main() {
	r := runtime.New("play")
	s := &play.Server{
		Media: buckets.OpenMedia(r), DenyList: database.Open(r),
		SigningSecret: secrets.NewReader(r, services.EnvPlaybackKey),
		MediaURL:      os.Getenv(services.EnvPlaybackURL), Now: r.Now, Log: r.Log,
	}
	r.ServeRoutes(s.Handler())
}
