// Package box reads and writes the boxes that MP4 and MOV files consist of (ISO/IEC 14496-12 §4.2).
package box

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Box is one box of a file.
type Box struct {
	Name string
	Data []byte // all of it
	Body []byte // without its header; a part of Data
}

// Errors of what is no list of boxes.
var (
	ErrCutOff  = errors.New("a box is cut off")
	ErrTooMany = errors.New("too many boxes")
)

// maxBoxes is how many boxes a list may have. Boxes without a body are much larger in memory than in a file.
const maxBoxes = 4096

// List returns the boxes that b consists of. It fails if the last one is cut off, or there are too many.
func List(b []byte) (all []Box, err error) {
	for len(b) >= 8 {
		head, size := 8, uint64(binary.BigEndian.Uint32(b))
		if size == 1 && len(b) >= 16 {
			head, size = 16, binary.BigEndian.Uint64(b[8:])
		}
		if size < uint64(head) || size > uint64(len(b)) {
			return nil, ErrCutOff
		}
		if len(all) == maxBoxes {
			return nil, ErrTooMany
		}
		all = append(all, Box{Name: string(b[4:8]), Data: b[:size], Body: b[head:size]})
		b = b[size:]
	}
	// QuickTime ends some lists of boxes with four zero bytes.
	return all, nil
}

// Children returns the boxes in b by their names. It fails if one of the names is missing, or there twice.
func Children(b []byte, names ...string) (map[string]Box, error) {
	all, err := List(b)
	if err != nil {
		return nil, err
	}
	found := map[string]Box{}
	for _, c := range all {
		if _, twice := found[c.Name]; twice {
			for _, name := range names {
				if name == c.Name {
					return nil, fmt.Errorf("two boxes %s", name)
				}
			}
		}
		found[c.Name] = c
	}
	for _, name := range names {
		if _, ok := found[name]; !ok {
			return nil, fmt.Errorf("no box %s", name)
		}
	}
	return found, nil
}

// Wrap returns a box of a name with a body that consists of parts.
func Wrap(name string, parts ...[]byte) []byte {
	size := 8
	for _, p := range parts {
		size += len(p)
	}
	b := append(binary.BigEndian.AppendUint32(make([]byte, 0, size), uint32(size)), name...)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// Full is the body of a box that has a version and flags.
type Full struct {
	Version byte
	Body    []byte // behind the version and the flags
}

// ReadFull returns the version and the rest of a box that has a version and flags.
func ReadFull(b Box) (Full, error) {
	if len(b.Body) < 8 {
		return Full{}, ErrCutOff
	}
	return Full{Version: b.Body[0], Body: b.Body[4:]}, nil
}

// ReadTable returns the entries of a table: a box that has the number of entries and then the entries, of width bytes.
func ReadTable(b Box, width int) (version byte, entries []byte, err error) {
	f, err := ReadFull(b)
	if err != nil {
		return 0, nil, err
	}
	n := uint64(binary.BigEndian.Uint32(f.Body))
	if n*uint64(width) > uint64(len(f.Body)-4) {
		return 0, nil, fmt.Errorf("%s: %d entries are not all there", b.Name, n)
	}
	return f.Version, f.Body[4 : 4+n*uint64(width)], nil
}
