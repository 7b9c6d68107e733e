package httpapi

import "time"

// Timestamp is a time as we show it: RFC 3339, UTC, always with milliseconds.
type Timestamp struct{ time.Time }

// MarshalJSON returns the quoted text.
func (m Timestamp) MarshalJSON() ([]byte, error) {
	return []byte(m.UTC().Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

// TruncateToMillis is a time as we show and keep it: UTC, in milliseconds.
func TruncateToMillis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
