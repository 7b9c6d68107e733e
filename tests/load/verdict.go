package main

import (
	"cmp"
	"fmt"
	"slices"
)

// The limits of fairness: the median wait of a tenant is at most maxWaitRatio times another's. Waits below
// minComparedWait count as equal.
const (
	maxWaitRatio      = 2
	minComparedWait   = 0.25 // seconds
	minMeasuredShare  = 0.9  // of all tasks
	minContendedTasks = 8    // a median of fewer tasks is not meaningful
)

// findViolations returns a sentence for each violation.
func (r Result) findViolations() (wrong []string) {
	check := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	check(r.Failed > 0, "%d of %d videos failed", r.Failed, r.Videos)
	check(r.Lost > 0, "%d of %d videos are lost: uploaded, and not ready or without an event", r.Lost, r.Videos)
	check(r.Duplicated > 0, "%d of %d videos were ready more than once", r.Duplicated, r.Videos)
	check(r.Broken > 0, "%d of %d videos are ready and not whole", r.Broken, r.Videos)
	check(r.DeadLetters > 0, "%d messages became dead letters", r.DeadLetters)
	for _, t := range r.Tenants {
		check(float64(t.Measured) < minMeasuredShare*float64(t.Tasks) || t.Tasks == 0,
			"the wait is known of %d of %d tasks of %s: too few", t.Measured, t.Tasks, t.Tenant)
	}
	if r.isComparable() {
		wrong = append(wrong, r.findUnfairness()...)
	}
	return wrong
}

// isComparable reports whether each tenant has enough contended tasks for a comparison of medians.
func (r Result) isComparable() bool {
	return !slices.ContainsFunc(r.Tenants, func(t TenantResult) bool { return t.Contended < minContendedTasks })
}

// findUnfairness compares the waits of the tenants.
func (r Result) findUnfairness() (wrong []string) {
	byWait := func(a, b TenantResult) int { return cmp.Compare(a.WaitP50, b.WaitP50) }
	least, most := slices.MinFunc(r.Tenants, byWait), slices.MaxFunc(r.Tenants, byWait)
	if max(most.WaitP50, minComparedWait) > maxWaitRatio*max(least.WaitP50, minComparedWait) {
		wrong = append(
			wrong,
			fmt.Sprintf("the tasks of %s waited %.2f s in the median, more than %d times as long as the %.2f s of %s",
				most.Tenant, most.WaitP50, maxWaitRatio, least.WaitP50, least.Tenant),
		)
	}
	big := slices.MaxFunc(r.Tenants, func(a, b TenantResult) int { return cmp.Compare(a.Sent, b.Sent) })
	for _, t := range r.Tenants {
		if t.Sent < big.Sent && t.ReadyP50 > big.ReadyP50 {
			wrong = append(
				wrong,
				fmt.Sprintf(
					"%s sent %d videos and had to wait %.1f s for one, in the median: longer than the %.1f s of %s, which sent %d",
					t.Tenant, t.Sent, t.ReadyP50, big.ReadyP50, big.Tenant, big.Sent,
				),
			)
		}
	}
	return wrong
}
