package scaling

import "time"

// historyWindow is how long a demand is remembered at least; it is twice that at most. Bursts often come in series,
// and moving workers between queues takes longer than many bursts last.
const historyWindow = 5 * time.Minute

// DemandHistory is what one decision leaves to the next about a queue.
type DemandHistory struct {
	Since      time.Time `json:"since"`
	RecentPeak int       `json:"recent"` // the most workers wanted since Since
	FormerPeak int       `json:"former"` // the most in the window before
	Need       int       `json:"need"`   // the peak with hysteresis: rises by a step, falls by half

	PreviousNeed int       `json:"was,omitempty"` // Need before it last fell
	NeedFellAt   time.Time `json:"cut,omitzero"`  // when Need last fell

	PreviousCeiling int       `json:"from,omitempty"` // workers that ran when the ceiling last fell
	CeilingFellAt   time.Time `json:"fell,omitzero"`
}

// recordDemand returns the history with the number of workers that are wanted now.
func (h DemandHistory) recordDemand(wanted int, now time.Time) DemandHistory {
	switch age := now.Sub(h.Since); {
	case age < 0 || age >= 2*historyWindow:
		h.RecentPeak, h.FormerPeak, h.Since = 0, 0, now
	case age >= historyWindow:
		h.RecentPeak, h.FormerPeak, h.Since = 0, h.RecentPeak, now
	}
	h.RecentPeak = max(h.RecentPeak, wanted)
	switch peak := roundToStep(max(h.RecentPeak, h.FormerPeak)); {
	case peak > h.Need:
		// If Need has fallen recently, the fall was noise: Need returns to its previous value at once, but not so high
		// that it would fall again.
		if age := now.Sub(h.NeedFellAt); age >= 0 && age <= 2*historyWindow {
			peak = max(peak, min(h.PreviousNeed, 2*peak-1))
		}
		h.Need = peak
	case peak <= h.Need/2:
		h.PreviousNeed, h.NeedFellAt, h.Need = h.Need, now, peak
	}
	h.Need = max(0, min(h.Need, MaxCeiling))
	return h
}
