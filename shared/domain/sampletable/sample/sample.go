// Package sample has the samples of a track and writes them in few bytes, for packages sampletable and audioindex. It
// is pure and needs no AWS rights.
package sample

// Sample is one sample of a track, with times in ticks of the track.
type Sample struct {
	DTS      int64 // decoding time; that of the first sample is 0
	Offset   int64 // in the file
	CTS      int32 // presentation time minus DTS
	Duration uint32
	Size     uint32 // bytes
	Key      bool   // sync sample
}

// PTS returns the presentation time, without the track's edit list.
func (s Sample) PTS() int64 { return s.DTS + int64(s.CTS) }

// End returns the decoding time at which the sample ends.
func (s Sample) End() int64 { return s.DTS + int64(s.Duration) }

// Range is the bytes From to To-1 of an object.
type Range struct{ From, To int64 }

// Len returns the number of bytes.
func (r Range) Len() int64 { return r.To - r.From }
