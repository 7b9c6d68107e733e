package events

import (
	"strings"
	"testing"
	"testing/fstest"

	"sluice/shared/domain/video"
)

// A second version of a type is one more contract and one more schema. Both versions are decoded, each by its own.
func TestTwoVersionsOfTypeAreDecoded(t *testing.T) {
	type readyV2 struct {
		Playback string `json:"playback_id"`
		Millis   int    `json:"millis"`
	}
	all := fstest.MapFS{
		"schema/video.ready.v2.json": {
			Data: []byte(`{"type":"object","required":["millis"],"properties":{"millis":{"type":"integer","minimum":0,"maximum":1e9}}}`),
		},
	}
	for _, name := range []string{"envelope.json", "parts.v1.json", "video.ready.v1.json"} {
		b, err := schemaFiles.ReadFile("schema/" + name)
		if err != nil {
			t.Fatal(err)
		}
		all["schema/"+name] = &fstest.MapFile{Data: b}
	}
	r := newRegistry(all,
		newContract(VideoReady, Fact, oncePerVideo[video.VideoReady]),
		newContract("video.ready.v2", Fact, oncePerVideo[readyV2]))
	playback := "pabcdefgh234567abcdefgh234567abcd"
	for _, d := range []struct {
		typ  Type
		data any
	}{{VideoReady, video.VideoReady{Playback: playback, Duration: 2}}, {"video.ready.v2", readyV2{playback, 2000}}} {
		b, err := r.encodeEvent(Event{ID: "i", Type: d.typ, Tenant: "acme", Video: "vid_1", Data: d.data})
		if err != nil {
			t.Fatal(err)
		}
		if e, err := r.decodeEvent(b); err != nil || e.Data != d.data {
			t.Errorf("%s: got %v, %v", d.typ, e.Data, err)
		}
		other := strings.NewReplacer("ready.v1", "ready.v2", "ready.v2", "ready.v1").Replace(string(b))
		if _, err := r.decodeEvent([]byte(other)); err == nil ||
			!strings.HasPrefix(err.Error(), "/data: breaks required") {
			t.Errorf("the data of %s under the other version: got %v", d.typ, err)
		}
	}
}
