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
func (r *Result) addVideo(o videoOutcome) {
	r.Videos++
	ready := o.state == client.Ready
	switch {
	case ready:
		r.Ready++
	case o.state == client.Failed || o.state == "":
		r.Failed++
	}
	if !ready && o.state != client.Failed && o.state != "" || ready && r.Subscribed && o.announced == 0 {
		r.Lost++
	}
	if o.announced > 1 || o.copies > 1 || o.countState(client.Ready) > 1 {
		r.Duplicated++
	}
	if ready && len(o.defects) > 0 {
		r.Broken++
	}
	r.Timelines = append(r.Timelines, VideoTimeline{o.id, o.tenant, o.clip.name, o.changes, o.defects})
}

// summarizeVideos counts the videos and computes the result of each tenant, in the order of the tenants.
func summarizeVideos(outcomes []videoOutcome, heard bool, deadLetters int) Result {
	r := Result{Subscribed: heard, DeadLetters: deadLetters}
	by := map[string][]videoOutcome{}
	var names []string
	for _, o := range outcomes {
		r.addVideo(o)
		if by[o.tenant] == nil {
			names = append(names, o.tenant)
		}
		by[o.tenant] = append(by[o.tenant], o)
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

func findBusyPeriod(outcomes []videoOutcome) (b busyPeriod) {
	for _, o := range outcomes {
		for _, t := range o.tasks {
			if b.from.IsZero() || t.sent.Before(b.from) {
				b.from = t.sent
			}
			if t.ended.After(b.to) {
				b.to = t.ended
			}
		}
	}
	return b
}

// isContended reports whether another tenant than name has tasks in flight at a time. With a single tenant, all tasks
// count as contended.
func isContended(at time.Time, name string, spans map[string]busyPeriod) bool {
	for other, b := range spans {
		if other != name && !at.Before(b.from) && !at.After(b.to) {
			return true
		}
	}
	return len(spans) == 1
}

func summarizeTenant(name string, outcomes []videoOutcome, spans map[string]busyPeriod) TenantResult {
	t := TenantResult{Tenant: name, Sent: len(outcomes)}
	var waits, all, starts, readies []float64
	for _, o := range outcomes {
		t.Tasks += o.planned
		t.Measured += min(len(o.tasks), o.planned)
		for _, timing := range o.tasks {
			all = append(all, timing.waitSeconds())
			if isContended(timing.sent, name, spans) {
				waits = append(waits, timing.waitSeconds())
			}
		}
		starts = appendSeconds(starts, o.uploaded, o.firstTaskStart())
		if o.state == client.Ready {
			t.Ready++
			readies = appendSeconds(readies, o.uploaded, o.ready)
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
