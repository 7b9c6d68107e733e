// Command inspect reads the properties of each uploaded object and plans its encoding, or rejects it.
package main

import (
	"os"

	"sluice/functions/inspect"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/messages"
	"sluice/shared/platform/runtime/tools"
)

func main() {
	ffmpeg.InitSandbox()
	r := runtime.New("inspect")
	i := inspect.Inspector{
		Source: tools.OpenOriginals(r), Indexes: buckets.OpenSource(r), Tools: tools.NewTools(r),
		TempDir: os.TempDir(), Now: r.Now,
	}
	messages.ConsumeQueue(r, i.Handle, i.OnExhausted)
}
