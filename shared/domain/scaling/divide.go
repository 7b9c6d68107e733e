package scaling

// divideBudget sets the target of each plan. It reports whether the budget is too small for the minimum ceilings. Each
// stage hands out what the stages before have left: the minimums, the ceilings of queues with invalid readings, then
// for each lane its share, first by demand and then by weight, and last what one lane does not take to the other. A
// larger backlog never gives a queue fewer workers, as each stage hands out one unit at a time.
func divideBudget(plans []*queuePlan, budget, bulkBudget int) (tooFew bool) {
	interactive, bulk := filterByLane(plans, false), filterByLane(plans, true)
	room := budget
	for _, p := range plans {
		p.target = p.minCeiling()
		room -= p.target
	}
	if room < 0 {
		return true
	}

	room -= distributeWorkers(plans, room, room, (*queuePlan).minWorkers, byWeight)
	room -= distributeWorkers(plans, room, room, (*queuePlan).heldWorkers, byDemand)
	give := func(lane []*queuePlan, upTo int) {
		room -= distributeWorkers(lane, room, upTo-sumTargets(lane), (*queuePlan).neededWorkers, byDemand)
		room -= distributeWorkers(lane, room, upTo-sumTargets(lane), (*queuePlan).maxWorkers, byWeight)
	}
	give(bulk, bulkBudget)
	give(interactive, budget-bulkBudget)
	give(interactive, budget)
	give(bulk, budget)
	return false
}

// The stages of divideBudget: up to how many workers a queue gets in each.
func (p *queuePlan) minWorkers() int    { return p.Min }
func (p *queuePlan) maxWorkers() int    { return p.Max }
func (p *queuePlan) neededWorkers() int { return p.demand }
func (p *queuePlan) heldWorkers() int {
	if p.invalid {
		return p.demand
	}
	return 0
}

func byDemand(p *queuePlan) float64 { return float64(max(1, p.demand)) }
func byWeight(p *queuePlan) float64 { return p.Weight }

// distributeWorkers hands out up to upTo workers, as far as room allows, one unit at a time: each to the plan with the
// lowest ratio of workers received to weight that is not full yet, the first of equals. The last unit may exceed upTo
// by less than half. It returns how many workers it has handed out. This is the D'Hondt method: a plan never loses
// workers when room or its weight grows.
func distributeWorkers(
	plans []*queuePlan, room, upTo int, full func(*queuePlan) int, weight func(*queuePlan) float64,
) (handedOut int) {
	given := make([]int, len(plans))
	for {
		next, bestQuotient := -1, 0.0
		for i, p := range plans {
			fits := p.Unit <= room-handedOut && p.Unit <= 2*(upTo-handedOut)
			if quotient := weight(p) / float64(given[i]+p.Unit); fits && p.target < full(p) && quotient > bestQuotient {
				next, bestQuotient = i, quotient
			}
		}
		if next < 0 {
			return handedOut
		}
		unit := plans[next].Unit
		given[next] += unit
		plans[next].target += unit
		handedOut += unit
	}
}

// filterByLane returns the plans of the bulk lane, or the others.
func filterByLane(plans []*queuePlan, bulk bool) (out []*queuePlan) {
	for _, p := range plans {
		if p.isBulk() == bulk {
			out = append(out, p)
		}
	}
	return out
}

func sumTargets(plans []*queuePlan) (n int) {
	for _, p := range plans {
		n += p.target
	}
	return n
}
