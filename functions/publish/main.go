// Command publish decides what happens to a video, writes its row and its playlists, and tells the world.
package main

import (
	"sluice/shared/pipeline"
	"sluice/shared/wire"
)

func main() {
	k := wire.New("publish")
	p := pipeline.Publisher{Rows: k.Rows(), Media: k.Media(), Now: k.Now, Log: k.Log}
	k.Consume(p.Handle, nil)
}
