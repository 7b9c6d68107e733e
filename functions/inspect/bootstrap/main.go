// Command inspect looks at every uploaded object and says what it is, or why it is refused.
package main

import (
	"os"

	"sluice/functions/inspect"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
)

func main() {
	ffmpeg.Enter()
	k := runtime.New("inspect")
	i := inspect.Inspector{Source: k.Source(), Tools: k.Tools(), Work: os.TempDir(), Now: k.Now}
	k.Consume(i.Handle, i.GiveUp)
}
