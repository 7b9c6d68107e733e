package scale

// divide sets each plan's target and says whether the budget is too small for even the least of all. Each stage pours
// what the ones before have left: in each lane first needs, then by weight, and what one lane can't take the other has.
// More backlog never gives a queue less, as each stage hands out one worker at a time.
func divide(plans []*plan, budget, bulks int) (tooFew bool) {
	interactive, bulk := of(plans, false), of(plans, true)
	room := budget
	for _, p := range plans {
		p.target = Least
		room -= Least
	}
	if room < 0 {
		return true
	}

	room = pour(plans, room, (*plan).least, byWeight)
	room = pour(plans, room, (*plan).held, byDemand)
	give := func(lane []*plan, upTo int) {
		n := min(room, max(0, upTo-sum(lane)))
		room -= n
		room += pour(lane, pour(lane, n, (*plan).needs, byDemand), (*plan).most, byWeight)
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

// pour hands out room, one worker at a time, to whoever has got least of it for its weight and is not full yet; the
// first of equals. It returns what is left. (D'Hondt's method: no paradoxes when room or a weight grows.)
func pour(plans []*plan, room int, full func(*plan) int, weight func(*plan) float64) int {
	given := make([]int, len(plans))
	for ; room > 0; room-- {
		next, best := -1, 0.0
		for i, p := range plans {
			if q := weight(p) / float64(given[i]+1); p.target < full(p) && q > best {
				next, best = i, q
			}
		}
		if next < 0 {
			break
		}
		given[next]++
		plans[next].target++
	}
	return room
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
