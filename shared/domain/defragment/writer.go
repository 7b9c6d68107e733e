// Package defragment turns a fragmented MP4 file, as it arrives, into a plain one (ISO/IEC 14496-12 §8.8 and §8.6): the
// data of all fragments become one mdat box, and the tables of their samples a moov box at the end. Only the tables are
// kept in memory. It is pure and needs no AWS rights. It reads what FFmpeg's muxer writes, and rejects other files.
package defragment

import (
	"encoding/binary"
	"errors"
	"io"

	"sluice/shared/domain/sampletable/box"
)

const (
	maxBoxBytes    = 16 << 20 // of a box that describes samples
	dataHeaderSize = 16       // of an mdat box whose size has 64 bits
)

var (
	errOrder      = errors.New("the boxes are not in the order of a fragmented MP4")
	errTooLarge   = errors.New("a box is too large")
	errUnfinished = errors.New("the file ends within a box")
)

// Writer takes a fragmented MP4 file and writes a plain one.
type Writer struct {
	to    io.Writer
	movie movie
	at    int64 // bytes written

	dataAt   int64  // position of the header of the mdat box; 0: not written yet
	partial  []byte // the beginning of a box that is not all there
	fragment []byte // moof box whose data come next
	rest     int64  // bytes of the current mdat box that come next
	err      error  // the first error
}

// NewWriter returns a Writer that writes to to.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write takes the next bytes of the fragmented file.
func (w *Writer) Write(p []byte) (n int, err error) {
	for n < len(p) && w.err == nil {
		var took int
		if w.rest > 0 {
			took, w.err = w.writeData(p[n:])
		} else {
			took, w.err = w.collectBox(p[n:])
		}
		n += took
	}
	return n, w.err
}

// Err returns the error that a Write has returned.
func (w *Writer) Err() error { return w.err }

// writeData writes bytes of the current mdat box.
func (w *Writer) writeData(p []byte) (int, error) {
	n, err := w.put(p[:min(int64(len(p)), w.rest)])
	w.rest -= int64(n)
	return n, err
}

func (w *Writer) put(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.at += int64(n)
	return n, err
}

// collectBox takes bytes of a box that is kept as a whole, or the header of an mdat box. It takes no byte behind these.
func (w *Writer) collectBox(p []byte) (int, error) {
	_, want := w.findBoxSize()
	took := min(int64(len(p)), want-int64(len(w.partial)))
	w.partial = append(w.partial, p[:took]...)
	if int64(len(w.partial)) < want {
		return int(took), nil
	}
	head, size := w.findBoxSize()
	switch name := string(w.partial[4:8]); {
	case head > int64(len(w.partial)):
		return int(took), nil
	case size < head:
		return int(took), errOrder
	case name == "mdat":
		err := w.beginData(head, size)
		w.partial = w.partial[:0]
		return int(took), err
	case size > maxBoxBytes:
		return int(took), errTooLarge
	case int64(len(w.partial)) == size:
		err := w.takeBox(name, w.partial)
		w.partial = nil
		return int(took), err
	}
	return int(took), nil
}

// findBoxSize returns the sizes of the header and of the whole box that the partial one is the beginning of, as far as
// they are known.
func (w *Writer) findBoxSize() (head, size int64) {
	b := w.partial
	if len(b) < 8 {
		return 8, 8
	}
	if size = int64(binary.BigEndian.Uint32(b)); size != 1 {
		return 8, size
	}
	if len(b) < box.HeaderBytes {
		return box.HeaderBytes, box.HeaderBytes
	}
	return box.HeaderBytes, int64(binary.BigEndian.Uint64(b[8:]))
}

// takeBox handles a whole box.
func (w *Writer) takeBox(name string, b []byte) error {
	switch name {
	case "ftyp":
		if w.at > 0 {
			return errOrder
		}
		if _, err := w.put(b); err != nil {
			return err
		}
		w.dataAt = w.at
		_, err := w.put(buildDataHeader(0))
		return err
	case "moov":
		return w.movie.readInit(b)
	case "moof":
		if w.fragment != nil {
			return errOrder
		}
		w.fragment = b
	}
	return nil
}

// beginData handles the header of an mdat box.
func (w *Writer) beginData(head, size int64) error {
	if w.fragment == nil || w.dataAt == 0 {
		return errOrder
	}
	w.rest = size - head
	err := w.movie.addFragment(w.fragment, w.at-int64(len(w.fragment))-head, w.at+w.rest)
	w.fragment = nil
	return err
}

// Patch is what replaces the bytes at a position of the file.
type Patch struct {
	At    int64
	Bytes []byte
}

// Close writes the tables, at the end of the fragmented file. It returns what must replace the bytes near the beginning
// of the plain file, which state its size.
func (w *Writer) Close() (Patch, error) {
	if w.err != nil {
		return Patch{}, w.err
	}
	if w.rest > 0 || len(w.partial) > 0 || w.fragment != nil {
		return Patch{}, errUnfinished
	}
	moov, err := w.movie.build()
	if err != nil {
		return Patch{}, err
	}
	p := Patch{At: w.dataAt, Bytes: buildDataHeader(w.at - w.dataAt)}
	_, err = w.put(moov)
	return p, err
}

// buildDataHeader returns the header of an mdat box of size bytes.
func buildDataHeader(size int64) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, 1), "mdat"...)
	return binary.BigEndian.AppendUint64(b, uint64(size))
}
