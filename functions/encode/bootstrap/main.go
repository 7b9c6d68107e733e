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
	r := runtime.New("encode")
	e := encode.Encoder{
		Source: r.Originals(), Media: r.MediaBucket(), Tools: r.FFmpegTools(), TempDir: os.TempDir(), Now: r.Now,
		Log: r.Log,
	}
	r.ConsumeQueue(e.Handle, e.OnExhausted)
}
