package httpapi

import "time"

// Timestamp is a time in a response: RFC 3339, UTC, always with milliseconds.
type Timestamp struct{ time.Time }

// MarshalJSON returns the time as a JSON string.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

// TruncateToMillis returns a time as it is stored and shown: UTC, in whole milliseconds.
func TruncateToMillis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
