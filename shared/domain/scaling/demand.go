package scaling

import (
	"math"
	"math/bits"
	"time"
)

const (
	maxReadingAge  = 3 * time.Minute // older readings are invalid: decisions are made every minute
	maxClockSkew   = 5 * time.Second // a reading may be newer than the clock by this
	maxBacklog     = 1e9             // messages; a larger number counts as this
	maxServiceTime = 900             // seconds: the longest timeout of a Lambda function
)

// isValid reports whether a decision can rely on the reading.
func (r Reading) isValid(now time.Time) bool {
	if r.At.IsZero() || now.Sub(r.At) > maxReadingAge || r.At.Sub(now) > maxClockSkew {
		return false
	}
	for _, x := range []float64{r.Visible, r.InFlight, r.OldestAge} {
		if !(x >= 0) || math.IsInf(x, 1) {
			return false
		}
	}
	return r.ServiceTime > 0 && r.ServiceTime <= maxServiceTime
}

// wantedWorkers returns how many workers the queue needs to keep its MaxWait: as many as process all messages in the
// time that the oldest has left, and no more than there are messages. It aims at two thirds of MaxWait, as some
// messages wait longer than most. The time left counts as at least a sixth of MaxWait, so that a late queue gets more
// workers, but not all of them.
func (q Queue) wantedWorkers() int {
	messages := min(math.Ceil(q.Reading.Visible+q.Reading.InFlight), maxBacklog)
	left := max(q.MaxWait*2/3-q.Reading.OldestAge, q.MaxWait/6)
	return int(math.Ceil(messages * min(1, q.Reading.ServiceTime/left)))
}

// roundToStep rounds up to one of four steps per power of two (…8 10 12 14 16 20…), so that small changes of a backlog
// do not change the ceiling.
func roundToStep(n int) int {
	n = max(0, min(n, MaxCeiling))
	by := 1 << max(0, bits.Len(uint(n))-3)
	return (n + by - 1) / by * by
}
