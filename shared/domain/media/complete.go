package media

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"slices"

	"sluice/shared/domain/errs"
)

// maxBoxes bounds the walk. A 12-hour file in fragments of half a second has a sixth of it.
const maxBoxes = 1 << 20

// CheckComplete finds out whether a file of size bytes was cut off, so that this is known before anything decodes it.
// It fails with Invalid and the code truncated or malformed, and with Transient if r can't be read.
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

// movBoxTypes are the boxes that a file consists of (ISO/IEC 14496-12 table 1, and QuickTime's own).
var movBoxTypes = append([]string{"moof", "mfra", "sidx", "ssix", "styp", "emsg", "prft", "meta", "udta", "uuid", "pdin"}, movFirstBoxes...)

// checkMovBoxes walks the top-level boxes (ISO/IEC 14496-12 §4.2) of a mov file: none goes on behind the end, and there
// is an index and data. What stands behind those and is no box is left alone, as players do.
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
			return newInvalidError("media.CheckWhole", "malformed", malformedMessage)
		}
		if length > size-pos {
			return newTruncatedError()
		}
		indexed, filled = indexed || name == "moov", filled || name == "mdat"
		pos += length
	}
	if !indexed || !filled {
		return newTruncatedError()
	}
	return nil
}

// checkRIFF reads the head of an AVI: what it says to be its length, or that of its first part, must be there.
func checkRIFF(r io.ReaderAt, size int64) error {
	head := make([]byte, 8)
	if n, err := r.ReadAt(head, 0); n < len(head) {
		if err != nil && !errors.Is(err, io.EOF) {
			return errs.E("media.CheckWhole", errs.Transient, err)
		}
		return newTruncatedError()
	}
	const unknown = 1<<32 - 1
	if length := binary.LittleEndian.Uint32(head[4:]); length != unknown && 8+int64(length) > size {
		return newTruncatedError()
	}
	return nil
}

// checkMatroskaSegment reads the heads of the two elements that a Matroska file consists of (RFC 8794 §4–6): the
// segment must not go on behind the end. A live recording does not say where it ends.
func checkMatroskaSegment(r io.ReaderAt, size int64) error {
	pos := int64(0)
	for _, id := range []uint32{0x1a45dfa3, 0x18538067} {
		head := make([]byte, 12)
		if n, err := r.ReadAt(head, pos); n < len(head) {
			if err != nil && !errors.Is(err, io.EOF) {
				return errs.E("media.CheckWhole", errs.Transient, err)
			}
			return newTruncatedError()
		}
		if binary.BigEndian.Uint32(head) != id {
			return nil // something else between them, which may be
		}
		length, width := readVint(head[4:])
		if length == 1<<(7*width)-1 { // unknown
			return nil
		}
		if pos += 4 + int64(width) + int64(length); pos > size || pos < 0 {
			return newTruncatedError()
		}
	}
	return nil
}

// readVint reads a number of variable width: as many zero bits before the first one as bytes follow the first.
func readVint(b []byte) (value uint64, width int) {
	width = min(bits.LeadingZeros8(b[0])+1, 8)
	for _, c := range b[:width] {
		value = value<<8 | uint64(c)
	}
	return value &^ (1 << (7 * width)), width
}

func newTruncatedError() error {
	return newInvalidError("media.CheckWhole", "truncated", "The file is incomplete; finish the recording or the export, and upload all of it.")
}

// readBoxHeader reads one box header. A length of 0 means up to the end of the file, 1 that 64 bits of it follow.
func readBoxHeader(r io.ReaderAt, pos, size int64) (name string, length int64, err error) {
	const op = "media.CheckWhole"
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
			return name, 0, newTruncatedError()
		}
		smallest, length = 16, int64(binary.BigEndian.Uint64(head[8:]))
	}
	if length < smallest {
		return name, 0, newInvalidError(op, "malformed", malformedMessage)
	}
	return name, length, nil
}
