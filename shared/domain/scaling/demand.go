package scaling

import (
	"math"
	"math/bits"
	"time"
)

const (
	maxReadingAge  = 3 * time.Minute // an older reading counts for nothing: the law runs every minute
	maxClockSkew   = 5 * time.Second // a reading may be this much ahead of the clock
	maxBacklog     = 1e9             // messages; more are as many
	maxServiceTime = 900             // seconds: no function runs longer (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)
)

// isValid says whether a reading can be acted on.
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

// wantedWorkers returns how many workers the promise needs: as many as end all that is there in the time that the
// oldest has left, but never more than there are messages. It aims at two thirds of the promise, since some wait longer
// than most, and the time left is never under a sixth of it: one that is late is hurried on, not given everything.
func (q Queue) wantedWorkers() int {
	messages := min(math.Ceil(q.Reading.Visible+q.Reading.InFlight), maxBacklog)
	left := max(q.MaxWait*2/3-q.Reading.OldestAge, q.MaxWait/6)
	return int(math.Ceil(messages * min(1, q.Reading.ServiceTime/left)))
}

// roundToStep rounds up to one of four steps an octave (…8 10 12 14 16 20…): a backlog that trembles leaves the ceiling
// alone.
func roundToStep(n int) int {
	n = max(0, min(n, MaxCeiling))
	by := 1 << max(0, bits.Len(uint(n))-3)
	return (n + by - 1) / by * by
}
