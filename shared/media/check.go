package media

import (
	"encoding/binary"
	"errors"
	"io"

	"sluice/shared/video"
)

// maxBoxes bounds the walk. A 12-hour file in fragments of half a second has a sixth of it.
const maxBoxes = 1 << 20

// CheckBoxes walks the top-level boxes (ISO/IEC 14496-12 §4.2) of a mov file of size bytes, so that an upload that
// was cut off is known before anything decodes it. It fails with Invalid and the code truncated (a box goes on behind
// the end, or there is no index) or malformed, and with Transient if r can't be read.
func CheckBoxes(r io.ReaderAt, size int64) error {
	indexed := false
	pos := int64(0)
	for n := 0; pos+8 <= size; n++ {
		name, length, err := boxAt(r, pos, size)
		if err != nil {
			return err
		}
		if n == maxBoxes {
			return refuse("media.CheckBoxes", "malformed", malformed)
		}
		if length > size-pos {
			return cutOff()
		}
		indexed = indexed || name == "moov"
		pos += length
	}
	if !indexed {
		return cutOff()
	}
	return nil
}

func cutOff() error {
	return refuse("media.CheckBoxes", "truncated", "The file is incomplete; finish the recording or the export, and upload all of it.")
}

// boxAt reads one box header. A length of 0 means up to the end of the file, 1 that 64 bits of it follow.
func boxAt(r io.ReaderAt, pos, size int64) (name string, length int64, err error) {
	const op = "media.CheckBoxes"
	head := make([]byte, min(16, size-pos))
	if n, err := r.ReadAt(head, pos); n < len(head) && err != nil && !errors.Is(err, io.EOF) {
		return "", 0, video.E(op, video.Transient, err)
	}
	name, length = string(head[4:8]), int64(binary.BigEndian.Uint32(head))
	smallest := int64(8)
	switch length {
	case 0:
		return name, size - pos, nil
	case 1:
		if len(head) < 16 {
			return "", 0, cutOff()
		}
		smallest, length = 16, int64(binary.BigEndian.Uint64(head[8:]))
	}
	if length < smallest {
		return "", 0, refuse(op, "malformed", malformed)
	}
	return name, length, nil
}
