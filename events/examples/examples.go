// Package examples holds examples of every released event type, for tests of receivers and for the page /docs. Examples
// are only ever added; the file manifest has the checksum of each.
package examples

import (
	"embed"

	"sluice/events"
)

//go:embed */*.json
var files embed.FS

// ReadJSON returns the message of an example such as "video.ready.v1/minimal". It panics if there is none.
func ReadJSON(name string) string {
	b, err := files.ReadFile(name + ".json")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// ReadEvent returns an example as an event. It panics if there is none.
func ReadEvent(name string) events.Event {
	e, err := events.Decode([]byte(ReadJSON(name)))
	if err != nil {
		panic(err)
	}
	return e
}
