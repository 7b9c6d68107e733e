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
	k := runtime.New("inspect")
	i := inspect.Inspector{Source: k.SourceBucket(), Tools: k.FFmpegTools(), TempDir: os.TempDir(), Now: k.Now}
	k.ConsumeQueue(i.Handle, i.OnExhausted)
}
