package item

import (
	"encoding/json"
	"time"
)

// Codec encodes values as the text of attributes and decodes them. It keeps the first error in Err.
type Codec struct{ Err error }

// EncodeJSON returns the JSON of v, or "" for a nil pointer.
func (c *Codec) EncodeJSON(v any) string {
	b, err := json.Marshal(v)
	c.keepError(err)
	if string(b) == "null" {
		return ""
	}
	return string(b)
}

// DecodeJSON decodes JSON into *to. It does not change *to if s is empty.
func (c *Codec) DecodeJSON(s string, to any) {
	if s != "" {
		c.keepError(json.Unmarshal([]byte(s), to))
	}
}

// ParseTime returns the time that FormatTimestamp wrote, the zero time for "".
func (c *Codec) ParseTime(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	c.keepError(err)
	return t
}

func (c *Codec) keepError(err error) {
	if c.Err == nil {
		c.Err = err
	}
}

// timestampLayout is RFC 3339 with nine digits of nanoseconds, so that timestamps in UTC sort as text.
const timestampLayout = "2006-01-02T15:04:05.000000000Z07:00"

// FormatTimestamp returns t in UTC as text, or "" for the zero time.
func FormatTimestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timestampLayout)
}
