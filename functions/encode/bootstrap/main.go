// Command encode makes the media segments of one encode task at a time.
package main

import (
	"os"

	"sluice/functions/encode"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/messages"
	"sluice/shared/platform/runtime/tools"
)

func main() {
	ffmpeg.InitSandbox()
	r := runtime.New("encode")
	e := encode.Encoder{
		Source: tools.OpenOriginals(r), Media: buckets.OpenMedia(r), Tools: tools.NewTools(r),
		TempDir: os.TempDir(), Now: r.Now,
		Log: r.Log,
	}
	messages.ConsumeQueue(r, e.Handle, e.OnExhausted)
}
