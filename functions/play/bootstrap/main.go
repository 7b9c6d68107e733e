// Command play serves media where there is no CDN, and the watch page.
package main

import (
	"os"

	"sluice/functions/play"
	"sluice/shared/domain/services"
	"sluice/shared/platform/runtime"
)

func main() {
	r := runtime.New("play")
	s := &play.Server{
		Media: r.MediaBucket(), DenyList: r.Store(), SigningSecret: r.Secret(services.EnvPlaybackKey),
		MediaURL: os.Getenv(services.EnvPlaybackURL), Now: r.Now, Log: r.Log,
	}
	r.ServeRoutes(s.Handler())
}
