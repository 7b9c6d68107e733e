// Command inspect looks at every uploaded object and says what it is, or why it is refused.
package main

import (
	"os"

	"sluice/shared/ffmpeg"
	"sluice/shared/pipeline"
	"sluice/shared/wire"
)

func main() {
	ffmpeg.Enter()
	k := wire.New("inspect")
	i := pipeline.Inspector{Source: k.Source(), Tools: k.Tools(), Work: os.TempDir(), Now: k.Now}
	k.Consume(i.Handle, i.GiveUp)
}
