// Command remux copies the streams of one original at a time into a container with an index.
package main

import (
	"os"

	"sluice/functions/remux"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/buckets"
	"sluice/shared/platform/runtime/messages"
	"sluice/shared/platform/runtime/tools"
)

func main() {
	ffmpeg.InitSandbox()
	r := runtime.New("remux")
	m := remux.Remuxer{
		Source: tools.OpenOriginals(r), Copies: buckets.OpenSource(r), Tools: tools.NewTools(r),
		TempDir: os.TempDir(), Now: r.Now, Log: r.Log,
	}
	messages.ConsumeQueue(r, m.Handle, m.OnExhausted)
}
