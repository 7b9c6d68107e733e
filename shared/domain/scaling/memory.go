package scaling

import "time"

// window is how long a need is remembered at least, and twice that at most. Bursts come in trains, and to give workers
// back and forth takes longer than many a burst.
const window = 5 * time.Minute

// Memory is what one decision leaves to the next, of a queue.
type Memory struct {
	Since  time.Time `json:"since"`
	Recent int       `json:"recent"` // the most that was wanted since Since
	Former int       `json:"former"` // and in the window before
	Need   int       `json:"need"`   // what counts of it: it rises by a step and falls by half, so that noise leaves it alone

	Was int       `json:"was,omitempty"` // Need before it last fell
	Cut time.Time `json:"cut,omitzero"`  // when that was

	From int       `json:"from,omitempty"` // the ceiling before it last fell
	Fell time.Time `json:"fell,omitzero"`
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
	switch peak := step(max(m.Recent, m.Former)); {
	case peak > m.Need:
		m.Need = m.raised(peak, now)
	case peak <= m.Need/2:
		m.Was, m.Cut, m.Need = m.Need, now, peak
	}
	m.Need = max(0, min(m.Need, Most))
	return m
}

// raised returns what counts of a need that has risen to peak. If it fell but a while ago, that was noise: it goes back at
// once, though not so high that it would fall again.
func (m Memory) raised(peak int, now time.Time) int {
	if age := now.Sub(m.Cut); age < 0 || age > 2*window {
		return peak
	}
	return max(peak, min(m.Was, 2*peak-1))
}
