// Command encode makes the segments of one task at a time.
package main

import (
	"os"

	"sluice/functions/encode"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
)

func main() {
	ffmpeg.Enter()
	k := runtime.New("encode")
	n := encode.Encoder{Source: k.Source(), Media: k.Media(), Tools: k.Tools(), Work: os.TempDir(), Now: k.Now}
	k.Consume(n.Handle, n.GiveUp)
}
