package video

import "time"

// Publication says whether a video may be played. The zero value, of a video about which nobody has decided: it may.
type Publication struct {
	Unpublished bool      `json:"unpublished"` // it stays, and may not be played
	At          time.Time `json:"at"`          // when the last decision was accepted
	Version     int64     `json:"version"`     // of the row with that decision
}

// applyPublication makes a decision that was accepted at a time. An earlier one than that of the row changes nothing,
// and neither does any about a deleted video. Of two of the same time, the one that unpublishes counts.
func applyPublication(v Video, unpublished bool, at time.Time) (Video, []Event) {
	p := v.Publication
	switch {
	case v.State == Deleting, v.State == Deleted, at.Before(p.At), at.Equal(p.At) && p.Unpublished && !unpublished:
		return v, nil
	case !at.Equal(p.At) || unpublished != p.Unpublished:
		v.Publication = Publication{Unpublished: unpublished, At: at, Version: v.Version + 1}
	}
	if unpublished {
		return v, []Event{VideoUnpublished{Playback: v.Playback, At: at}}
	}
	return v, []Event{VideoPublished{Playback: v.Playback, At: at}}
}
