package store

import (
	"encoding/json"
	"time"
)

// codec turns values into attribute texts and back, and keeps the first error.
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

// decodeJSON reads what text made into *to, which is left alone if s is empty.
func (c *codec) decodeJSON(s string, to any) {
	if s != "" {
		c.keepError(json.Unmarshal([]byte(s), to))
	}
}

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

// timestampLayout is RFC 3339 in nanoseconds of a fixed width, so that stamps in UTC sort as text.
const timestampLayout = "2006-01-02T15:04:05.000000000Z07:00"

// formatTimestamp returns t as text, or "" for the zero time.
func formatTimestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timestampLayout)
}
