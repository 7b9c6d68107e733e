// Command encode makes the media segments of one encode task at a time.
package main

import (
	"os"

	"sluice/functions/encode"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
)

func main() {
	ffmpeg.InitSandbox()
	k := runtime.New("encode")
	e := encode.Encoder{
		Source: k.SourceBucket(), Media: k.MediaBucket(), Tools: k.FFmpegTools(), TempDir: os.TempDir(), Now: k.Now,
	}
	k.ConsumeQueue(e.Handle, e.OnExhausted)
}
