package scaling

// divideBudget sets each plan's target and says whether the budget is too small for even the least of all. Each stage
// pours what the ones before have left: in each lane first needs, then by weight, and what one lane can't take the
// other has. More backlog never gives a queue less, as each stage hands out one unit at a time.
func divideBudget(plans []*queuePlan, budget, bulks int) (tooFew bool) {
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
	give(bulk, bulks)
	give(interactive, budget-bulks)
	give(interactive, budget)
	give(bulk, budget)
	return false
}

// How much of a stage a queue takes: up to so many workers in all.
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

// distributeWorkers hands out upTo workers of those that there is room for, a unit at a time, to whoever has got least
// for its weight and is not full yet; the first of equals. A unit that is half within upTo is given. It returns how
// many it has handed out. (D'Hondt's method: no paradoxes when room or a weight grows.)
func distributeWorkers(plans []*queuePlan, room, upTo int, full func(*queuePlan) int, weight func(*queuePlan) float64) (poured int) {
	given := make([]int, len(plans))
	for {
		next, best := -1, 0.0
		for i, p := range plans {
			fits := p.Unit <= room-poured && p.Unit <= 2*(upTo-poured)
			if q := weight(p) / float64(given[i]+p.Unit); fits && p.target < full(p) && q > best {
				next, best = i, q
			}
		}
		if next < 0 {
			return poured
		}
		unit := plans[next].Unit
		given[next] += unit
		plans[next].target += unit
		poured += unit
	}
}

func filterByLane(plans []*queuePlan, canWait bool) (out []*queuePlan) {
	for _, p := range plans {
		if p.isBulk() == canWait {
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
