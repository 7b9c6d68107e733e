package scaling

// divide sets each plan's target and says whether the budget is too small for even the least of all. Each stage pours
// what the ones before have left: in each lane first needs, then by weight, and what one lane can't take the other has.
// More backlog never gives a queue less, as each stage hands out one unit at a time.
func divide(plans []*plan, budget, bulks int) (tooFew bool) {
	interactive, bulk := of(plans, false), of(plans, true)
	room := budget
	for _, p := range plans {
		p.target = p.fewest()
		room -= p.target
	}
	if room < 0 {
		return true
	}

	room -= pour(plans, room, room, (*plan).least, byWeight)
	room -= pour(plans, room, room, (*plan).held, byDemand)
	give := func(lane []*plan, upTo int) {
		room -= pour(lane, room, upTo-sum(lane), (*plan).needs, byDemand)
		room -= pour(lane, room, upTo-sum(lane), (*plan).most, byWeight)
	}
	give(bulk, bulks)
	give(interactive, budget-bulks)
	give(interactive, budget)
	give(bulk, budget)
	return false
}

// How much of a stage a queue takes: up to so many workers in all.
func (p *plan) least() int { return p.Min }
func (p *plan) most() int  { return p.Max }
func (p *plan) needs() int { return p.demand }
func (p *plan) held() int {
	if p.broken {
		return p.demand
	}
	return 0
}

func byDemand(p *plan) float64 { return float64(max(1, p.demand)) }
func byWeight(p *plan) float64 { return p.Weight }

// pour hands out upTo workers of those that there is room for, a unit at a time, to whoever has got least for its weight
// and is not full yet; the first of equals. A unit that is half within upTo is given. It returns how many it has handed
// out. (D'Hondt's method: no paradoxes when room or a weight grows.)
func pour(plans []*plan, room, upTo int, full func(*plan) int, weight func(*plan) float64) (poured int) {
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

func of(plans []*plan, canWait bool) (out []*plan) {
	for _, p := range plans {
		if p.canWait() == canWait {
			out = append(out, p)
		}
	}
	return out
}

func sum(plans []*plan) (n int) {
	for _, p := range plans {
		n += p.target
	}
	return n
}
