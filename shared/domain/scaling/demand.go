package scaling

import (
	"math"
	"math/bits"
	"time"
)

const (
	fresh   = 3 * time.Minute // an older reading counts for nothing: the law runs every minute
	skew    = 5 * time.Second // a reading may be this much ahead of the clock
	backlog = 1e9             // messages; more are as many
	longest = 900             // seconds: no function runs longer (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)
)

// sound says whether a reading can be acted on.
func (r Reading) sound(now time.Time) bool {
	if r.At.IsZero() || now.Sub(r.At) > fresh || r.At.Sub(now) > skew {
		return false
	}
	for _, x := range []float64{r.Visible, r.InFlight, r.Oldest} {
		if !(x >= 0) || math.IsInf(x, 1) {
			return false
		}
	}
	return r.Service > 0 && r.Service <= longest
}

// wanted returns how many workers the promise needs: as many as end all that is there in the time that the oldest has
// left, but never more than there are messages. It aims at two thirds of the promise, since some wait longer than most,
// and the time left is never under a sixth of it: one that is late is hurried on, not given everything.
func (q Queue) wanted() int {
	messages := min(math.Ceil(q.Reading.Visible+q.Reading.InFlight), backlog)
	left := max(q.Promise*2/3-q.Reading.Oldest, q.Promise/6)
	return int(math.Ceil(messages * min(1, q.Reading.Service/left)))
}

// step rounds up to one of four steps an octave (…8 10 12 14 16 20…): a backlog that trembles leaves the ceiling alone.
func step(n int) int {
	n = max(0, min(n, Most))
	by := 1 << max(0, bits.Len(uint(n))-3)
	return (n + by - 1) / by * by
}
