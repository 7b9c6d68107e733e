// Package varint writes and reads sequences of varints (encoding/binary) and byte strings.
package varint

import (
	"encoding/binary"
	"errors"
)

// Writer is what has been written.
type Writer []byte

// PutInts writes numbers.
func (w *Writer) PutInts(all ...int64) {
	for _, n := range all {
		*w = binary.AppendVarint(*w, n)
	}
}

// FromBool returns the number that stands for a bool: 1 for true.
func FromBool(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// PutBytes writes the length of b and b.
func (w *Writer) PutBytes(b []byte) {
	w.PutInts(int64(len(b)))
	*w = append(*w, b...)
}

// ErrDamaged is the error of a Reader of bytes that no Writer has written.
var ErrDamaged = errors.New("the varints are damaged")

// Reader reads what a Writer has written. After the first error, it returns zeros.
type Reader struct {
	Rest []byte // what is not read yet
	Err  error  // the first error
}

// ReadInt reads a number.
func (r *Reader) ReadInt() int64 {
	n, size := binary.Varint(r.Rest)
	if size <= 0 {
		r.Rest, r.Err = nil, ErrDamaged
		return 0
	}
	r.Rest = r.Rest[size:]
	return n
}

// ReadBytes reads what PutBytes has written. It is not a copy.
func (r *Reader) ReadBytes() []byte {
	n := r.ReadInt()
	if n < 0 || n > int64(len(r.Rest)) {
		r.Rest, r.Err = nil, ErrDamaged
		return nil
	}
	b := r.Rest[:n]
	r.Rest = r.Rest[n:]
	return b
}
