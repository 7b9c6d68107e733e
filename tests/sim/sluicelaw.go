package main

import (
	"fmt"
	"time"

	"sluice/shared/domain/scaling"
)

// sluiceLaw calls shared/domain/scaling as the services do: as reconcile every minute, or sooner if the law requests
// it, and as publish after it has sent tasks, at most every ten seconds.
type sluiceLaw struct {
	bulkShare    float64 // the bulk lane's share of the budget; 0: the default
	lastDecision scaling.Decision
	nextRun      int
	lastRun      int
}

// minDecisionGap is the minimum time between two decisions, in seconds.
const minDecisionGap = 10

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *sluiceLaw) String() string {
	if s.bulkShare == 0 {
		return "shared/domain/scaling"
	}
	return fmt.Sprintf("shared/domain/scaling, bulk's part %g", s.bulkShare)
}

func timeAt(second int) time.Time { return epoch.Add(time.Duration(second) * time.Second) }

func (s *sluiceLaw) setCeilings(c *simulatedCloud, now int) {
	if now < s.nextRun && (c.sent == [laneCount]int{} || now < s.lastRun+minDecisionGap) {
		return
	}
	s.lastRun = now
	in := scaling.Input{Budget: workerBudget, Now: timeAt(now), BulkShare: s.bulkShare, Previous: s.lastDecision}
	for i, q := range encodeQueues {
		depth := c.queueDepth(i, now)
		q.Min, q.Unit = c.minCeiling, c.ceilingUnit
		q.Reading = scaling.Reading{
			At: timeAt(now - depthLag), Visible: depth.visible + float64(c.sent[i]), InFlight: depth.inFlight,
			OldestAge: c.cloudWatchMetric(i, now, metricPeriod).oldest, ServiceTime: c.measuredService(i),
		}
		in.Queues = append(in.Queues, q)
	}
	s.lastDecision = scaling.DecideCeilings(in)
	for i, d := range s.lastDecision.Ceilings {
		if now == 0 { // deployed with the ceilings of an idle system
			c.mappings[i].ceiling, c.mappings[i].requested = d.Workers, d.Workers
		}
		c.requestCeiling(i, d.Workers, now)
	}
	s.nextRun = (now/metricPeriod + 1) * metricPeriod
	if s.lastDecision.NextDecisionIn > 0 {
		s.nextRun = min(s.nextRun, now+max(minDecisionGap, int(s.lastDecision.NextDecisionIn.Seconds()+1)))
	}
}
