package scale

// Parts of the budget, as divisors.
const (
	bulkPart    = 8 // an eighth is bulk's, whatever the interactive lane needs: nothing starves
	reservePart = 8 // an eighth of it is kept free for the interactive lane while bulk is hungry
)

// divide sets each plan's target and says whether the budget is too small for even the least of all. Each stage pours
// what the ones before have left; more backlog never gives a queue less, as each hands out by one worker at a time.
func divide(plans []*plan, budget int) (tooFew bool) {
	interactive, bulk := of(plans, true), of(plans, false)
	room := budget
	for _, p := range plans {
		p.target = Least
		room -= Least
	}
	if room < 0 {
		return true
	}
	fixed := func(p *plan) int { return p.Min }
	held := func(p *plan) int {
		if p.broken {
			return p.demand
		}
		return 0
	}
	demand := func(p *plan) int { return p.demand }
	most := func(p *plan) int { return p.Max }

	room = pour(plans, room, fixed, byWeight)
	room = pour(plans, room, held, byDemand)
	floor := min(room, max(0, budget/bulkPart-sum(bulk)))
	room -= floor - pour(bulk, floor, demand, byDemand)
	room = pour(interactive, room, demand, byDemand)
	room = pour(interactive, room, headroom(interactive, budget/reservePart), byWeight)
	room = pour(bulk, room, demand, byDemand)
	spare := room * 3 / 4
	room -= spare - pour(interactive, spare, most, byWeight)
	room = pour(bulk, room, most, byWeight)
	pour(interactive, room, most, byWeight)
	return false
}

// headroom returns up to how much a queue of the interactive lane gets before bulk has what it needs: half as much
// again, and its part of a reserve.
func headroom(lane []*plan, reserve int) func(*plan) int {
	weights := 0.0
	for _, p := range lane {
		weights += p.Weight
	}
	return func(p *plan) int {
		return min(p.Max, p.demand+p.demand/2+int(float64(reserve)*p.Weight/weights))
	}
}

func byDemand(p *plan) float64 { return float64(p.demand) }
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

func of(plans []*plan, interactive bool) (out []*plan) {
	for _, p := range plans {
		if (p.Lane == Interactive) == interactive {
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
