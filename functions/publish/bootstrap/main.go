// Command publish decides what happens to a video, writes its row and its playlists, and tells the world.
package main

import (
	"sluice/functions/publish"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("publish")
	rows := k.Rows()
	p := publish.Publisher{
		Rows: rows, Media: k.Media(), Now: k.Now, Log: k.Log,
		Turns: publish.Turns{Windows: rows, Lines: rows, Rows: rows, Size: k.Window(), Now: k.Now, Pause: publish.Pause},
	}
	k.Consume(k.Watcher("reconcile").Watch(p.Handle), nil)
}
