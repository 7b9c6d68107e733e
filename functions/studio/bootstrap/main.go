// Command studio serves the page on which videos are uploaded and watched over.
package main

import (
	"cmp"
	"os"

	"sluice/functions/studio"
	"sluice/shared/domain/services"
	"sluice/shared/platform/runtime"
)

func main() {
	r := runtime.New(services.Studio)
	p := studio.Page{
		// a local cloud's S3 is at its one address
		UploadURL: cmp.Or(os.Getenv(services.EnvUploadURL), os.Getenv("AWS_ENDPOINT_URL")),
		// without a CDN, play redirects the player to the media bucket
		MediaURL: cmp.Or(os.Getenv(services.EnvPlaybackURL), os.Getenv(services.EnvMediaURL)),
		Log:      r.Log,
	}
	r.ServeRoutes(p.Handler())
}
