package scale

import "time"

// window is how long a need is remembered at least, and twice that at most. Bursts come in trains, and to give workers
// back and forth takes longer than many a burst.
const window = 5 * time.Minute

// Memory is what one decision leaves to the next.
type Memory struct {
	Since time.Time `json:"since"`
	Need  Peak      `json:"need"` // workers that the promise needed
	Use   Peak      `json:"use"`  // workers that would have had something to do

	From int       `json:"from,omitempty"` // the ceiling before it last fell
	Fell time.Time `json:"fell,omitzero"`
}

// Peak is the most that a number was of late.
type Peak struct {
	Recent int `json:"recent"` // since Memory.Since
	Former int `json:"former"` // in the window before
	Held   int `json:"held"`   // what counts: it rises by a step and falls by half, so that noise leaves it alone
}

// seen returns the memory with one more reading.
func (m Memory) seen(need, use int, now time.Time) Memory {
	age := now.Sub(m.Since)
	m.Need, m.Use = m.Need.seen(need, age), m.Use.seen(use, age)
	if age < 0 || age >= window {
		m.Since = now
	}
	return m
}

func (p Peak) seen(n int, age time.Duration) Peak {
	switch {
	case age < 0 || age >= 2*window:
		p.Recent, p.Former = 0, 0
	case age >= window:
		p.Recent, p.Former = 0, p.Recent
	}
	p.Recent = max(p.Recent, n)
	if peak := step(max(p.Recent, p.Former)); peak > p.Held || peak <= p.Held/2 {
		p.Held = peak
	}
	p.Held = max(0, min(p.Held, Most))
	return p
}
