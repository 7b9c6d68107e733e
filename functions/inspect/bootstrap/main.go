// Command inspect reads the properties of each uploaded object and plans its encoding, or rejects it.
package main

import (
	"os"

	"sluice/functions/inspect"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
)

func main() {
	ffmpeg.InitSandbox()
	r := runtime.New("inspect")
	i := inspect.Inspector{
		Source: r.Originals(), Indexes: r.SourceBucket(), Tools: r.FFmpegTools(), TempDir: os.TempDir(), Now: r.Now,
	}
	r.ConsumeQueue(i.Handle, i.OnExhausted)
}
