// Command play serves media where there is no CDN, and the watch page.
package main

import (
	"os"

	"sluice/functions/play"
	"sluice/shared/domain/services"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("play")
	p := &play.Server{
		Media: k.MediaBucket(), SigningSecret: k.Secret(services.EnvPlaybackKey),
		MediaURL: os.Getenv(services.EnvPlaybackURL), Now: k.Now, Log: k.Log,
	}
	k.ServeRoutes(p.Handler())
}
