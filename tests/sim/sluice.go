package main

import (
	"fmt"
	"time"

	"sluice/shared/domain/scaling"
)

// sluice is the law of shared/domain/scaling, called as the functions call it: by tend every minute, and sooner if the law asks
// for it; by publish when it has sent chunks, at most every ten seconds.
type sluice struct {
	bulk float64 // the bulk lane's part of the budget; 0: as shipped
	last scaling.Decision
	next int
	past int
}

// gap is the least time between two decisions, seconds.
const gap = 10

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *sluice) String() string {
	if s.bulk == 0 {
		return "shared/domain/scaling"
	}
	return fmt.Sprintf("shared/domain/scaling, bulk's part %g", s.bulk)
}

func at(second int) time.Time { return epoch.Add(time.Duration(second) * time.Second) }

func (s *sluice) tick(c *cloud, now int) {
	if now < s.next && (c.sent == [lanes]int{} || now < s.past+gap) {
		return
	}
	s.past = now
	in := scaling.Input{Budget: budget, Now: at(now), Bulk: s.bulk, Previous: s.last}
	for i, q := range queues {
		depth := c.depth(i, now)
		q.Min, q.Unit = c.least, c.coarse
		q.Reading = scaling.Reading{At: at(now - depthLag), Visible: depth.visible + float64(c.sent[i]), InFlight: depth.inFlight,
			Oldest: c.metric(i, now, minute).oldest, Service: c.service(i)}
		in.Queues = append(in.Queues, q)
	}
	s.last = scaling.Decide(in)
	for i, d := range s.last.Ceilings {
		if now == 0 { // deployed with what the law gives while nothing waits
			c.maps[i].ceiling, c.maps[i].wished = d.Workers, d.Workers
		}
		c.set(i, d.Workers, now)
	}
	s.next = (now/minute + 1) * minute
	if s.last.Again > 0 {
		s.next = min(s.next, now+max(gap, int(s.last.Again.Seconds()+1)))
	}
}
