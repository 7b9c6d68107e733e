package fileformat

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"slices"

	"sluice/shared/domain/errs"
)

const op = "fileformat.CheckComplete"

// maxBoxes limits how many boxes are read. A 12-hour file in fragments of half a second has a sixth of it.
const maxBoxes = 1 << 20

// CheckComplete checks whether a file of size bytes was truncated, before anything decodes it. It fails with Invalid,
// truncated or malformed, and with Transient if r can't be read.
func CheckComplete(r io.ReaderAt, size int64, container string) error {
	switch container {
	case Mov:
		return checkMovBoxes(r, size)
	case Matroska:
		return checkMatroskaSegment(r, size)
	case AVI:
		return checkRIFF(r, size)
	}
	return nil
}

// movBoxTypes are the types of top-level boxes (ISO/IEC 14496-12 table 1, and those of QuickTime).
var movBoxTypes = append(
	[]string{"moof", "mfra", "sidx", "ssix", "styp", "emsg", "prft", "meta", "udta", "uuid", "pdin"}, movFirstBoxes...,
)

// checkMovBoxes reads the top-level boxes (ISO/IEC 14496-12 §4.2) of a mov file: none may extend beyond the end of the
// file, and there must be an index and data. After these, anything that is no box is ignored, as players do.
func checkMovBoxes(r io.ReaderAt, size int64) error {
	indexed, filled := false, false
	pos := int64(0)
	for n := 0; pos+8 <= size; n++ {
		name, length, err := readBoxHeader(r, pos, size)
		if indexed && filled && !slices.Contains(movBoxTypes, name) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == maxBoxes {
			return Malformed.ToError(op, errs.Invalid, nil)
		}
		if length > size-pos {
			return Truncated.ToError(op, errs.Invalid, nil)
		}
		indexed, filled = indexed || name == "moov", filled || name == "mdat"
		pos += length
	}
	if !indexed || !filled {
		return Truncated.ToError(op, errs.Invalid, nil)
	}
	return nil
}

// checkRIFF reads the header of an AVI file: the length that it states, of the file or its first part, must be there.
func checkRIFF(r io.ReaderAt, size int64) error {
	head := make([]byte, 8)
	if err := readFull(r, head, 0); err != nil {
		return err
	}
	const unknown = 1<<32 - 1
	if length := binary.LittleEndian.Uint32(head[4:]); length != unknown && 8+int64(length) > size {
		return Truncated.ToError(op, errs.Invalid, nil)
	}
	return nil
}

// checkMatroskaSegment reads the headers of the two elements of a Matroska file (RFC 8794 §4–6): the segment must not
// extend beyond the end of the file. A live recording does not state its length.
func checkMatroskaSegment(r io.ReaderAt, size int64) error {
	pos := int64(0)
	for _, id := range []uint32{0x1a45dfa3, 0x18538067} {
		head := make([]byte, 12)
		if err := readFull(r, head, pos); err != nil {
			return err
		}
		if binary.BigEndian.Uint32(head) != id {
			return nil // another element between them is allowed
		}
		length, width := readVint(head[4:])
		if length == 1<<(7*width)-1 { // unknown length
			return nil
		}
		if pos += 4 + int64(width) + int64(length); pos > size || pos < 0 {
			return Truncated.ToError(op, errs.Invalid, nil)
		}
	}
	return nil
}

// readVint reads a variable-size integer of EBML: its first byte begins with as many zero bits as bytes follow it.
func readVint(b []byte) (value uint64, width int) {
	width = min(bits.LeadingZeros8(b[0])+1, 8)
	for _, c := range b[:width] {
		value = value<<8 | uint64(c)
	}
	return value &^ (1 << (7 * width)), width
}

// The problems that an inspection of a file may find too.
var (
	Truncated = errs.NewProblem("truncated",
		"The file is incomplete; finish the recording or the export, and upload all of it.")
	Malformed = errs.NewProblem("malformed", "The file is damaged; export it again and upload the new one.")
)

// readFull fills head with the bytes from pos on. It fails with truncated if the file ends before.
func readFull(r io.ReaderAt, head []byte, pos int64) error {
	switch n, err := r.ReadAt(head, pos); {
	case n == len(head):
		return nil
	case err != nil && !errors.Is(err, io.EOF):
		return errs.E(op, errs.Transient, err)
	}
	return Truncated.ToError(op, errs.Invalid, nil)
}

// readBoxHeader reads the header of one box. A length of 0 means up to the end of the file; 1 means that a length of
// 64 bits follows.
func readBoxHeader(r io.ReaderAt, pos, size int64) (name string, length int64, err error) {
	head := make([]byte, min(16, size-pos))
	if n, err := r.ReadAt(head, pos); n < len(head) && err != nil && !errors.Is(err, io.EOF) {
		return "", 0, errs.E(op, errs.Transient, err)
	}
	name, length = string(head[4:8]), int64(binary.BigEndian.Uint32(head))
	smallest := int64(8)
	switch length {
	case 0:
		return name, size - pos, nil
	case 1:
		if len(head) < 16 {
			return name, 0, Truncated.ToError(op, errs.Invalid, nil)
		}
		smallest, length = 16, int64(binary.BigEndian.Uint64(head[8:]))
	}
	if length < smallest {
		return name, 0, Malformed.ToError(op, errs.Invalid, nil)
	}
	return name, length, nil
}
