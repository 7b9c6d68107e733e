package video

import (
	"encoding/json"
	"errors"
)

// Result is the result of a finished task.
type Result struct {
	Task   Task    `json:"task"`
	Frames int     `json:"frames"` // of a video task: in each rendition
	Tracks []Track `json:"tracks"`
}

// Track is one rendition: of one task, or joined of all.
type Track struct {
	Name      string   `json:"name"`      // the rendition's, or "audio"
	Codec     string   `json:"codec"`     // RFC 6381: "avc1.64001f"
	InitHash  string   `json:"init"`      // SHA-256 of the init segment, hex: the same for all tasks of a rendition
	Timescale int      `json:"timescale"` // ticks a second
	Segments  Segments `json:"segments"`
}

// Segment is one media segment, which is one object.
type Segment struct {
	Bytes int64 `json:"bytes"`
	Ticks int64 `json:"ticks"` // duration, in ticks of the track
}

// Segments are media segments in their order. Their JSON is compact, {"bytes":[…],"ticks":[[duration,count]…]}: the
// audio of two hours is one message, and nearly all of its segments have the same duration.
type Segments []Segment

type segmentsJSON struct {
	Bytes []int64    `json:"bytes"`
	Ticks [][2]int64 `json:"ticks"`
}

// MarshalJSON writes a run of equal durations as one pair.
func (s Segments) MarshalJSON() ([]byte, error) {
	if s == nil {
		return []byte("null"), nil
	}
	j := segmentsJSON{Bytes: []int64{}, Ticks: [][2]int64{}}
	for _, x := range s {
		j.Bytes = append(j.Bytes, x.Bytes)
		if n := len(j.Ticks); n > 0 && j.Ticks[n-1][0] == x.Ticks {
			j.Ticks[n-1][1]++
		} else {
			j.Ticks = append(j.Ticks, [2]int64{x.Ticks, 1})
		}
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes. It fails unless each segment has one duration.
func (s *Segments) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*s = nil
		return nil
	}
	var j segmentsJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	out := Segments{}
	for _, run := range j.Ticks {
		if run[1] < 1 || run[1] > int64(len(j.Bytes)-len(out)) {
			return errors.New("more durations than segments")
		}
		for range run[1] {
			out = append(out, Segment{Bytes: j.Bytes[len(out)], Ticks: run[0]})
		}
	}
	if len(out) < len(j.Bytes) {
		return errors.New("fewer durations than segments")
	}
	*s = out
	return nil
}
