package sampletable

import (
	"encoding/binary"
	"errors"
)

// writer is the bytes of a part of an index.
type writer []byte

func (w *writer) putInts(all ...int64) {
	for _, n := range all {
		*w = binary.AppendVarint(*w, n)
	}
}

// putBytes writes the length of b and b.
func (w *writer) putBytes(b []byte) {
	w.putInts(int64(len(b)))
	*w = append(*w, b...)
}

// Bits of the first number of a sample, above which is its size.
const (
	isKey       = 1 << iota // it is a key frame
	newDuration             // its duration differs from that of the sample before, and follows
	newPlace                // it does not lie behind the sample before; the distance follows
	sizeShift   = iota
)

// putSamples writes one block.
func (w *writer) putSamples(samples []Sample) {
	last := samples[0]
	w.putInts(int64(len(samples)), last.DTS, last.Offset, int64(last.Duration))
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
		w.putInts(first, int64(s.CTS)-int64(cts))
		if first&newDuration != 0 {
			w.putInts(int64(s.Duration))
		}
		if first&newPlace != 0 {
			w.putInts(s.Offset - at)
		}
		last, cts, at = s, s.CTS, s.Offset+int64(s.Size)
	}
}

// reader reads what a writer has written. After the first error, it returns zeros.
type reader struct {
	b   []byte
	err error
}

var errIndex = errors.New("the index is damaged")

func (r *reader) int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.b, r.err = nil, errIndex
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) bytes() []byte {
	n := r.int()
	if n < 0 || n > int64(len(r.b)) {
		r.b, r.err = nil, errIndex
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// samples appends the samples of one block.
func (r *reader) samples(all []Sample) []Sample {
	n := r.int()
	s := Sample{DTS: r.int(), Offset: r.int(), Duration: uint32(r.int())}
	for ; n > 0 && r.err == nil; n-- {
		first := r.int()
		s.CTS += int32(r.int())
		if first&newDuration != 0 {
			s.Duration = uint32(r.int())
		}
		if first&newPlace != 0 {
			s.Offset += r.int()
		}
		s.Key, s.Size = first&isKey != 0, uint32(first>>sizeShift)
		all = append(all, s)
		s.DTS, s.Offset = s.DTS+int64(s.Duration), s.Offset+int64(s.Size)
	}
	return all
}
