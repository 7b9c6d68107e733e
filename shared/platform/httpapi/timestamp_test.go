package httpapi

import (
	"encoding/json"
	"testing"
	"time"
)

func TestTimestampsAreUTCWithMilliseconds(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	east := time.FixedZone("east", 3600)
	for _, row := range []struct {
		name string
		time time.Time
		want string
	}{
		{"whole second", start, `"2026-11-22T12:00:00.000Z"`},
		{"finer than milliseconds", start.Add(1_999_999), `"2026-11-22T12:00:00.001Z"`},
		{"another time zone", start.In(east), `"2026-11-22T12:00:00.000Z"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got, err := json.Marshal(Timestamp{row.time}); err != nil || string(got) != row.want {
				t.Errorf("%s, %v; want %s", got, err, row.want)
			}
		})
	}
}
