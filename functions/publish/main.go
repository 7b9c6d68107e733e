// Command publish decides what happens to a video, writes its row and its playlists, and tells the world.
package main

import (
	"sluice/shared/pipeline"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("publish")
	rows := k.Rows()
	p := pipeline.Publisher{
		Rows: rows, Media: k.Media(), Now: k.Now, Log: k.Log,
		Turns: pipeline.Turns{Windows: rows, Lines: rows, Rows: rows, Size: k.Window(), Now: k.Now, Pause: pipeline.Pause},
	}
	k.Consume(k.Watcher("tend").Watch(p.Handle), nil)
}
