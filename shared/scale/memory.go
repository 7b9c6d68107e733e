package scale

import "time"

// window is how long a need is remembered at least, and twice that at most. Bursts come in trains, and to give workers
// back and forth takes longer than many a burst.
const window = 5 * time.Minute

// Memory is what one decision leaves to the next.
type Memory struct {
	Since  time.Time `json:"since"`
	Recent int       `json:"recent"` // the most that was wanted since Since
	Former int       `json:"former"` // and in the window before
	Need   int       `json:"need"`   // what counts of it: it rises by a step and falls by half, so that noise leaves it alone

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
	if peak := step(max(m.Recent, m.Former)); peak > m.Need || peak <= m.Need/2 {
		m.Need = peak
	}
	m.Need = max(0, min(m.Need, Most))
	return m
}
