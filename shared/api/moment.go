package api

import "time"

// moment is a time as we show it: RFC 3339, UTC, always with milliseconds.
type moment struct{ time.Time }

// MarshalJSON returns the quoted text.
func (m moment) MarshalJSON() ([]byte, error) {
	return []byte(m.UTC().Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

// instant is a time as we show and keep it: UTC, in milliseconds.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
