package store

import (
	"encoding/json"
	"time"
)

// codec turns values into attribute texts and back, and keeps the first error.
type codec struct{ err error }

// text returns the JSON of v, or "" for a nil pointer.
func (c *codec) text(v any) string {
	b, err := json.Marshal(v)
	c.note(err)
	if string(b) == "null" {
		return ""
	}
	return string(b)
}

// parse reads what text made into *to, which is left alone if s is empty.
func (c *codec) parse(s string, to any) {
	if s != "" {
		c.note(json.Unmarshal([]byte(s), to))
	}
}

func (c *codec) time(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	c.note(err)
	return t
}

func (c *codec) note(err error) {
	if c.err == nil {
		c.err = err
	}
}

// stampLayout is RFC 3339 in nanoseconds of a fixed width, so that stamps in UTC sort as text.
const stampLayout = "2006-01-02T15:04:05.000000000Z07:00"

// stamp returns t as text, or "" for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}
