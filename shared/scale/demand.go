package scale

import (
	"math"
	"math/bits"
	"time"
)

const (
	fresh   = 3 * time.Minute // an older reading counts for nothing: the law runs every minute
	skew    = 5 * time.Second // a reading may be this much ahead of the clock
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

// wanted returns how many workers the promise needs: those at work, and as many as end the waiting ones in the time
// that the oldest has left, but never more than there are messages. The time left is never under a quarter of the
// promise: one that is late is hurried on, not given everything.
func (q Queue) wanted() int {
	r := q.Reading
	left := max(q.Promise-r.Oldest, q.Promise/4)
	n := math.Ceil(r.InFlight + min(r.Visible, r.Visible*r.Service/left))
	return int(min(n, Most))
}

// step rounds up to one of four steps an octave (…8 10 12 14 16 20…): a backlog that trembles leaves the ceiling alone.
func step(n int) int {
	by := 1 << max(0, bits.Len(uint(max(0, n)))-3)
	return (n + by - 1) / by * by
}

// window is how long a need is remembered at least, and twice that at most: bursts come in trains, and a ceiling that
// is kept costs nothing.
const window = 5 * time.Minute

// Memory is what one decision leaves to the next.
type Memory struct {
	Recent int       `json:"recent"` // the most that was wanted since Since
	Former int       `json:"former"` // and in the window before
	Since  time.Time `json:"since"`
	Held   int       `json:"held"`           // the need that counts: it rises by a step, and falls by a third
	From   int       `json:"from,omitempty"` // the ceiling before it last fell
	Fell   time.Time `json:"fell,omitzero"`
}

// seen returns the memory with one more number of wanted workers.
func (m Memory) seen(wanted int, now time.Time) Memory {
	switch age := now.Sub(m.Since); {
	case age < 0 || age >= 2*window:
		m.Recent, m.Former, m.Since = 0, 0, now
	case age >= window:
		m.Recent, m.Former, m.Since = 0, m.Recent, now
	}
	m.Recent = max(m.Recent, wanted)
	if peak := step(min(max(m.Recent, m.Former), Most)); peak > m.Held || peak <= m.Held*2/3 {
		m.Held = peak
	}
	return m
}
