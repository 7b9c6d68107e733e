package main

import (
	"math"
	"slices"
	"time"

	"sluice/tests/client"
)

// Result is the result of a burst.
type Result struct {
	Videos        int             `json:"videos"` // planned
	Ready         int             `json:"ready"`
	Failed        int             `json:"failed"`     // failed with a code, or the upload failed
	Lost          int             `json:"lost"`       // uploaded and not final at the end, or ready without an event
	Duplicated    int             `json:"duplicated"` // ready twice, or announced twice
	Broken        int             `json:"broken"`     // ready and incomplete
	DeadLetters   int             `json:"dead_letters"`
	Subscribed    bool            `json:"heard"` // whether events were received
	Tenants       []TenantResult  `json:"tenants"`
	Seconds       float64         `json:"seconds"` // from the start of the first upload until the last video was ready
	Seed          uint64          `json:"seed"`
	Began         string          `json:"began_at"`
	CPUs          int             `json:"cpus"` // of the machine that runs the load test
	MissedSamples int             `json:"missed_samples"`
	Queues        []QueueSeries   `json:"queues"`
	Timelines     []VideoTimeline `json:"timelines"`
}

// TenantResult has the results of one tenant. Times are in seconds; P50 and P95 are percentiles.
type TenantResult struct {
	Tenant   string `json:"tenant"`
	Sent     int    `json:"sent"`
	Ready    int    `json:"ready"`
	Tasks    int    `json:"tasks"`
	Measured int    `json:"tasks_measured"` // tasks whose wait is known
	// measured tasks that were sent while another tenant had tasks in flight
	Contended  int     `json:"tasks_contended"`
	WaitP50    float64 `json:"wait_p50_s"` // wait of the contended tasks in the queues of encode
	WaitP95    float64 `json:"wait_p95_s"`
	WaitAllP50 float64 `json:"wait_all_p50_s"` // wait of all measured tasks
	StartP50   float64 `json:"start_p50_s"`    // of videos, from the completed upload to the start of the first task
	ReadyP50   float64 `json:"ready_p50_s"`    // of videos, from the completed upload until ready
}

// VideoTimeline has the state changes of one video.
type VideoTimeline struct {
	Video   string        `json:"video"`
	Tenant  string        `json:"tenant"`
	Clip    string        `json:"clip"`
	Changes []StateChange `json:"changes"`
	Faults  []string      `json:"faults,omitempty"` // descriptions of what is wrong
}

// addVideo counts one video.
func (r *Result) addVideo(f videoOutcome) {
	r.Videos++
	ready := f.state == client.Ready
	switch {
	case ready:
		r.Ready++
	case f.state == client.Failed || f.state == "":
		r.Failed++
	}
	if !ready && f.state != client.Failed && f.state != "" || ready && r.Subscribed && f.announced == 0 {
		r.Lost++
	}
	if f.announced > 1 || f.copies > 1 || f.countState(client.Ready) > 1 {
		r.Duplicated++
	}
	if ready && len(f.defects) > 0 {
		r.Broken++
	}
	r.Timelines = append(r.Timelines, VideoTimeline{f.id, f.tenant, f.clip.name, f.changes, f.defects})
}

// summarizeVideos counts the videos and computes the result of each tenant, in the order of the tenants.
func summarizeVideos(outcomes []videoOutcome, heard bool, deadLetters int) Result {
	r := Result{Subscribed: heard, DeadLetters: deadLetters}
	by := map[string][]videoOutcome{}
	var names []string
	for _, f := range outcomes {
		r.addVideo(f)
		if by[f.tenant] == nil {
			names = append(names, f.tenant)
		}
		by[f.tenant] = append(by[f.tenant], f)
	}
	spans := map[string]busyPeriod{}
	for name, of := range by {
		spans[name] = findBusyPeriod(of)
	}
	for _, name := range names {
		r.Tenants = append(r.Tenants, summarizeTenant(name, by[name], spans))
	}
	return r
}

// busyPeriod is the time in which a tenant has tasks in flight.
type busyPeriod struct{ from, to time.Time }

func findBusyPeriod(outcomes []videoOutcome) (s busyPeriod) {
	for _, f := range outcomes {
		for _, t := range f.tasks {
			if s.from.IsZero() || t.sent.Before(s.from) {
				s.from = t.sent
			}
			if t.ended.After(s.to) {
				s.to = t.ended
			}
		}
	}
	return s
}

// isContended reports whether another tenant than name has tasks in flight at a time. With a single tenant, all tasks
// count as contended.
func isContended(at time.Time, name string, spans map[string]busyPeriod) bool {
	for other, s := range spans {
		if other != name && !at.Before(s.from) && !at.After(s.to) {
			return true
		}
	}
	return len(spans) == 1
}

func summarizeTenant(name string, outcomes []videoOutcome, spans map[string]busyPeriod) TenantResult {
	t := TenantResult{Tenant: name, Sent: len(outcomes)}
	var waits, all, starts, readies []float64
	for _, f := range outcomes {
		t.Tasks += f.planned
		t.Measured += min(len(f.tasks), f.planned)
		for _, k := range f.tasks {
			all = append(all, k.waitSeconds())
			if isContended(k.sent, name, spans) {
				waits = append(waits, k.waitSeconds())
			}
		}
		starts = appendSeconds(starts, f.uploaded, f.firstTaskStart())
		if f.state == client.Ready {
			t.Ready++
			readies = appendSeconds(readies, f.uploaded, f.ready)
		}
	}
	t.Contended, t.WaitP50, t.WaitP95, t.WaitAllP50 = len(
		waits,
	), percentile(waits, 0.5), percentile(waits, 0.95), percentile(all, 0.5)
	t.StartP50, t.ReadyP50 = percentile(starts, 0.5), percentile(readies, 0.5)
	return t
}

// appendSeconds appends the seconds between two times, at least 0, because the clocks of two machines can differ. It
// appends nothing if a time is unknown.
func appendSeconds(all []float64, from, to time.Time) []float64 {
	if from.IsZero() || to.IsZero() {
		return all
	}
	return append(all, max(0, to.Sub(from).Seconds()))
}

// percentile returns the smallest value that is not below a share p of all values, rounded to milliseconds; 0 of no
// values.
func percentile(all []float64, p float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	at := sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
	return math.Round(at*1000) / 1000
}
