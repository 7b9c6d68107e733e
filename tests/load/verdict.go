package main

import (
	"cmp"
	"fmt"
	"slices"
)

// What is fair: no tenant's median wait is more than fairness times another's. Below the floor, waits are as good as
// none.
const (
	maxWaitRatio      = 2
	minComparedWait   = 0.25 // seconds
	minMeasuredShare  = 0.9  // of the tasks must have been measured
	minContendedTasks = 8    // tasks of a tenant: fewer have no median that says anything
)

// findViolations says in sentences what must not be so; none: all is well.
func (r Result) findViolations() (wrong []string) {
	say := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	say(r.Failed > 0, "%d of %d videos failed", r.Failed, r.Videos)
	say(r.Lost > 0, "%d of %d videos are lost: they were sent, and nothing or nobody says that they are ready", r.Lost, r.Videos)
	say(r.Duplicated > 0, "%d of %d videos were ready more than once", r.Duplicated, r.Videos)
	say(r.Broken > 0, "%d of %d videos are ready and not whole", r.Broken, r.Videos)
	say(r.DeadLetters > 0, "%d messages became dead letters", r.DeadLetters)
	for _, t := range r.Tenants {
		say(float64(t.Measured) < minMeasuredShare*float64(t.Tasks) || t.Tasks == 0,
			"how long tasks waited is known of %d of %d of %s: too few to judge by", t.Measured, t.Tasks, t.Tenant)
	}
	if r.isComparable() {
		wrong = append(wrong, r.findUnfairness()...)
	}
	return wrong
}

// isComparable reports whether each tenant has sent enough, while others had too, for its median to count.
func (r Result) isComparable() bool {
	return !slices.ContainsFunc(r.Tenants, func(t TenantResult) bool { return t.Contended < minContendedTasks })
}

// findUnfairness compares the tenants.
func (r Result) findUnfairness() (wrong []string) {
	byWait := func(a, b TenantResult) int { return cmp.Compare(a.WaitP50, b.WaitP50) }
	least, most := slices.MinFunc(r.Tenants, byWait), slices.MaxFunc(r.Tenants, byWait)
	if max(most.WaitP50, minComparedWait) > maxWaitRatio*max(least.WaitP50, minComparedWait) {
		wrong = append(wrong, fmt.Sprintf("the tasks of %s waited %.2f s in the median, more than %d times as long as the %.2f s of %s",
			most.Tenant, most.WaitP50, maxWaitRatio, least.WaitP50, least.Tenant))
	}
	big := slices.MaxFunc(r.Tenants, func(a, b TenantResult) int { return cmp.Compare(a.Sent, b.Sent) })
	for _, t := range r.Tenants {
		if t.Sent < big.Sent && t.ReadyP50 > big.ReadyP50 {
			wrong = append(wrong, fmt.Sprintf("%s sent %d videos and had to wait %.1f s for one, in the median: longer than the %.1f s of %s, which sent %d",
				t.Tenant, t.Sent, t.ReadyP50, big.ReadyP50, big.Tenant, big.Sent))
		}
	}
	return wrong
}
