// Package buffer keeps a part of what a tool prints, so that a tool can't fill the memory.
package buffer

import "cmp"

// Head keeps the first bytes that are written, as many as Room says, and drops the rest.
type Head struct {
	Data []byte
	Room int // bytes for which there is room; negative once something was dropped
}

// Write never fails.
func (h *Head) Write(p []byte) (int, error) {
	if h.Room -= len(p); h.Room >= 0 {
		h.Data = append(h.Data, p...)
	}
	return len(p), nil
}

// Tail keeps the last MaxBytes that are written; 4 KiB if that is 0.
type Tail struct {
	Data     []byte
	MaxBytes int
}

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.Data = append(t.Data, p...)
	t.Data = t.Data[max(0, len(t.Data)-cmp.Or(t.MaxBytes, 4<<10)):]
	return len(p), nil
}

// String returns the bytes as a text.
func (t *Tail) String() string { return string(t.Data) }
