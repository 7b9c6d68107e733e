package scaling

import "time"

// historyWindow is how long a need is remembered at least, and twice that at most. Bursts come in trains, and to give
// workers back and forth takes longer than many a burst.
const historyWindow = 5 * time.Minute

// DemandHistory is what one decision leaves to the next, of a queue.
type DemandHistory struct {
	Since      time.Time `json:"since"`
	RecentPeak int       `json:"recent"` // the most that was wanted since Since
	FormerPeak int       `json:"former"` // and in the window before
	Need       int       `json:"need"`   // what counts of it: it rises by a step and falls by half, so that noise leaves it alone

	PreviousNeed int       `json:"was,omitempty"` // Need before it last fell
	NeedFellAt   time.Time `json:"cut,omitzero"`  // when that was

	PreviousCeiling int       `json:"from,omitempty"` // the ceiling before it last fell
	CeilingFellAt   time.Time `json:"fell,omitzero"`
}

// recordDemand returns the memory with one more number of wanted workers.
func (m DemandHistory) recordDemand(wanted int, now time.Time) DemandHistory {
	switch age := now.Sub(m.Since); {
	case age < 0 || age >= 2*historyWindow:
		m.RecentPeak, m.FormerPeak, m.Since = 0, 0, now
	case age >= historyWindow:
		m.RecentPeak, m.FormerPeak, m.Since = 0, m.RecentPeak, now
	}
	m.RecentPeak = max(m.RecentPeak, wanted)
	switch peak := roundToStep(max(m.RecentPeak, m.FormerPeak)); {
	case peak > m.Need:
		m.Need = m.restoreNeed(peak, now)
	case peak <= m.Need/2:
		m.PreviousNeed, m.NeedFellAt, m.Need = m.Need, now, peak
	}
	m.Need = max(0, min(m.Need, MaxCeiling))
	return m
}

// restoreNeed returns what counts of a need that has risen to peak. If it fell but a while ago, that was noise: it goes
// back at once, though not so high that it would fall again.
func (m DemandHistory) restoreNeed(peak int, now time.Time) int {
	if age := now.Sub(m.NeedFellAt); age < 0 || age > 2*historyWindow {
		return peak
	}
	return max(peak, min(m.PreviousNeed, 2*peak-1))
}
