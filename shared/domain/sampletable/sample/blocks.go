package sample

import "sluice/shared/domain/sampletable/varint"

// Bits of the first number of a sample, above which is its size.
const (
	isKey       = 1 << iota // it is a key frame
	newDuration             // its duration differs from that of the sample before, and follows
	newPlace                // it does not lie behind the sample before; the distance follows
	sizeShift   = iota
)

// PutBlock writes consecutive samples.
func PutBlock(w *varint.Writer, samples []Sample) {
	last := samples[0]
	w.PutInts(int64(len(samples)), last.DTS, last.Offset, int64(last.Duration))
	at, cts := last.Offset, int32(0)
	for _, s := range samples {
		first := int64(s.Size) << sizeShift
		if s.Key {
			first |= isKey
		}
		if s.Duration != last.Duration {
			first |= newDuration
		}
		if s.Offset != at {
			first |= newPlace
		}
		w.PutInts(first, int64(s.CTS)-int64(cts))
		if first&newDuration != 0 {
			w.PutInts(int64(s.Duration))
		}
		if first&newPlace != 0 {
			w.PutInts(s.Offset - at)
		}
		last, cts, at = s, s.CTS, s.Offset+int64(s.Size)
	}
}

// AppendBlock reads what PutBlock has written and appends the samples to all.
func AppendBlock(r *varint.Reader, all []Sample) []Sample {
	n := r.ReadInt()
	s := Sample{DTS: r.ReadInt(), Offset: r.ReadInt(), Duration: uint32(r.ReadInt())}
	for ; n > 0 && r.Err == nil; n-- {
		first := r.ReadInt()
		s.CTS += int32(r.ReadInt())
		if first&newDuration != 0 {
			s.Duration = uint32(r.ReadInt())
		}
		if first&newPlace != 0 {
			s.Offset += r.ReadInt()
		}
		s.Key, s.Size = first&isKey != 0, uint32(first>>sizeShift)
		all = append(all, s)
		s.DTS, s.Offset = s.DTS+int64(s.Duration), s.Offset+int64(s.Size)
	}
	return all
}
