package main

import "slices"

// sample is what was measured of the same thing several times.
type sample []float64

// median returns the middle value, the mean of both if there are two; 0 of nothing.
func (s sample) median() float64 { return s.quantile(0.5) }

// spread returns the distance between the quartiles over the median, 0 of nothing: half of the values are within it.
func (s sample) spread() float64 {
	m := s.median()
	if m == 0 {
		return 0
	}
	return (s.quantile(0.75) - s.quantile(0.25)) / m
}

// quantile returns the value below which the part q of the sorted values lies, interpolated between neighbours.
func (s sample) quantile(q float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// interleave calls each function rounds times, in turns: one round of all of them before the next one. Every other
// round is in reverse order, so that none always follows the same one. It stops at the first error.
func interleave(rounds int, functions ...func() error) error {
	order := slices.Clone(functions)
	for range rounds {
		for _, f := range order {
			if err := f(); err != nil {
				return err
			}
		}
		slices.Reverse(order)
	}
	return nil
}
