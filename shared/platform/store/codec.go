package store

import (
	"encoding/json"
	"time"
)

// codec encodes values as the text of attributes and decodes them. It keeps the first error in err.
type codec struct{ err error }

// encodeJSON returns the JSON of v, or "" for a nil pointer.
func (c *codec) encodeJSON(v any) string {
	b, err := json.Marshal(v)
	c.keepError(err)
	if string(b) == "null" {
		return ""
	}
	return string(b)
}

// decodeJSON decodes JSON into *to. It does not change *to if s is empty.
func (c *codec) decodeJSON(s string, to any) {
	if s != "" {
		c.keepError(json.Unmarshal([]byte(s), to))
	}
}

// parseTime returns the time that formatTimestamp wrote, the zero time for "".
func (c *codec) parseTime(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	c.keepError(err)
	return t
}

func (c *codec) keepError(err error) {
	if c.err == nil {
		c.err = err
	}
}

// timestampLayout is RFC 3339 with nine digits of nanoseconds, so that timestamps in UTC sort as text.
const timestampLayout = "2006-01-02T15:04:05.000000000Z07:00"

// formatTimestamp returns t in UTC as text, or "" for the zero time.
func formatTimestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timestampLayout)
}
