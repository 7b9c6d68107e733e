package box

import (
	"encoding/binary"
	"errors"
	"io"
)

// HeaderBytes is how many bytes ParseHeader needs at most.
const HeaderBytes = 16

// ReadHeader returns the type and the length of the box at a position of a file of size bytes.
func ReadHeader(r io.ReaderAt, pos, size int64) (name string, length int64, err error) {
	b := make([]byte, min(HeaderBytes, size-pos))
	if _, err := r.ReadAt(b, pos); err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	return ParseHeader(b, size-pos)
}

// ParseHeader returns the type and the length of a box (ISO/IEC 14496-12 §4.2) that begins with b: HeaderBytes bytes,
// or what is left of the file. It fails if the box does not end within rest, the bytes from its beginning to the end
// of the file.
func ParseHeader(b []byte, rest int64) (name string, length int64, err error) {
	if len(b) < 8 {
		return "", 0, ErrCutOff
	}
	switch length = int64(binary.BigEndian.Uint32(b)); {
	case length == 0:
		length = rest
	case length == 1 && len(b) >= HeaderBytes:
		length = int64(binary.BigEndian.Uint64(b[8:]))
	}
	if length < 8 || length > rest {
		return "", 0, ErrCutOff
	}
	return string(b[4:8]), length, nil
}

// Words reads numbers of 32 bits. After the first error it returns 0.
type Words struct {
	Rest []byte // what is not read yet
	Err  error  // the first error
}

// Next reads a number.
func (w *Words) Next() uint32 {
	if len(w.Rest) < 4 {
		w.Err = ErrCutOff
		return 0
	}
	n := binary.BigEndian.Uint32(w.Rest)
	w.Rest = w.Rest[4:]
	return n
}
