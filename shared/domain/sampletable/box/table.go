package box

import "encoding/binary"

// Table is a box with a number of entries of the same width.
type Table struct {
	name    string
	width   int    // bytes of an entry
	Prefix  []byte // before the number of entries
	Entries []byte
}

// NewTable returns an empty table whose entries have width bytes.
func NewTable(name string, width int) *Table { return &Table{name: name, width: width} }

// Add32 adds four bytes to the entries.
func (t *Table) Add32(n uint32) { t.Entries = binary.BigEndian.AppendUint32(t.Entries, n) }

// AddRun adds one sample to a table whose entries are a number of samples and a value that they share.
func (t *Table) AddRun(value uint32) {
	if n := len(t.Entries) - 8; n >= 0 && binary.BigEndian.Uint32(t.Entries[n+4:]) == value {
		binary.BigEndian.PutUint32(t.Entries[n:], binary.BigEndian.Uint32(t.Entries[n:])+1)
		return
	}
	t.Add32(1)
	t.Add32(value)
}

// Build returns the box.
func (t *Table) Build() []byte {
	n := binary.BigEndian.AppendUint32(nil, uint32(len(t.Entries)/t.width))
	return Wrap(t.name, make([]byte, 4), t.Prefix, n, t.Entries)
}
