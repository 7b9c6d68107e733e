// Package examples holds an example, or more, of every message that was ever in force, to test readers with. They are
// only ever added to: manifest has the sum of each.
package examples

import (
	"embed"

	"sluice/events"
)

//go:embed */*.json
var files embed.FS

// ReadJSON returns an example as it is on the wire: "video.ready.v1/minimal". It panics if there is none.
func ReadJSON(name string) string {
	b, err := files.ReadFile(name + ".json")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// ReadEvent returns an example, decoded. It panics if there is none.
func ReadEvent(name string) events.Event {
	e, err := events.Decode([]byte(ReadJSON(name)))
	if err != nil {
		panic(err)
	}
	return e
}
