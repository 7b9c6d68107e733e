package sampletable

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// box is one box of a file (ISO/IEC 14496-12 §4.2).
type box struct {
	name string
	data []byte // all of it
	body []byte // without its header; a part of data
}

var (
	errBox   = errors.New("a box is cut off")
	errBoxes = errors.New("too many boxes")
)

// maxBoxes is how many boxes a list may have. Boxes without a body are much larger in memory than in a file.
const maxBoxes = 4096

// listBoxes returns the boxes that b consists of. It fails if the last one is cut off, or there are too many.
func listBoxes(b []byte) (all []box, err error) {
	for len(b) >= 8 {
		head, size := 8, uint64(binary.BigEndian.Uint32(b))
		if size == 1 && len(b) >= 16 {
			head, size = 16, binary.BigEndian.Uint64(b[8:])
		}
		if size < uint64(head) || size > uint64(len(b)) {
			return nil, errBox
		}
		if len(all) == maxBoxes {
			return nil, errBoxes
		}
		all = append(all, box{name: string(b[4:8]), data: b[:size], body: b[head:size]})
		b = b[size:]
	}
	// QuickTime ends some lists of boxes with four zero bytes.
	return all, nil
}

// childBoxes returns the boxes in b by their names. It fails if one of the names is missing, or there twice.
func childBoxes(b []byte, names ...string) (map[string]box, error) {
	all, err := listBoxes(b)
	if err != nil {
		return nil, err
	}
	found := map[string]box{}
	for _, c := range all {
		if _, twice := found[c.name]; twice {
			for _, name := range names {
				if name == c.name {
					return nil, fmt.Errorf("two boxes %s", name)
				}
			}
		}
		found[c.name] = c
	}
	for _, name := range names {
		if _, ok := found[name]; !ok {
			return nil, fmt.Errorf("no box %s", name)
		}
	}
	return found, nil
}

// wrapBox returns a box of a name with a body that consists of parts.
func wrapBox(name string, parts ...[]byte) []byte {
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

// fullBox is the body of a box that has a version and flags.
type fullBox struct {
	version byte
	body    []byte // behind the version and the flags
}

func readFullBox(b box) (fullBox, error) {
	if len(b.body) < 8 {
		return fullBox{}, errBox
	}
	return fullBox{version: b.body[0], body: b.body[4:]}, nil
}

// readTable returns the entries of a table: a box that has the number of entries and then the entries, of width bytes.
func readTable(b box, width int) (version byte, entries []byte, err error) {
	f, err := readFullBox(b)
	if err != nil {
		return 0, nil, err
	}
	n := uint64(binary.BigEndian.Uint32(f.body))
	if n*uint64(width) > uint64(len(f.body)-4) {
		return 0, nil, fmt.Errorf("%s: %d entries are not all there", b.name, n)
	}
	return f.version, f.body[4 : 4+n*uint64(width)], nil
}
