package box

import (
	"encoding/binary"
	"errors"
	"io"
)

// ReadHeader returns the type and the length of the box at a position of a file of size bytes.
func ReadHeader(r io.ReaderAt, pos, size int64) (name string, length int64, err error) {
	b := make([]byte, min(16, size-pos))
	if _, err := r.ReadAt(b, pos); err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	switch length = int64(binary.BigEndian.Uint32(b)); {
	case length == 0:
		length = size - pos
	case length == 1 && len(b) == 16:
		length = int64(binary.BigEndian.Uint64(b[8:]))
	}
	if length < 8 || length > size-pos {
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
