package main

import (
	"math"
	"slices"
	"time"

	"sluice/tests/client"
)

// Result is what was measured.
type Result struct {
	Videos        int             `json:"videos"` // that were to be sent
	Ready         int             `json:"ready"`
	Failed        int             `json:"failed"`     // with a code, or never sent
	Lost          int             `json:"lost"`       // sent, and neither ready nor failed in the end; or ready, and the topic told nobody
	Duplicated    int             `json:"duplicated"` // ready twice, or told of twice
	Broken        int             `json:"broken"`     // ready, and not whole
	DeadLetters   int             `json:"dead_letters"`
	Subscribed    bool            `json:"heard"` // whether the topic was listened to
	Tenants       []TenantResult  `json:"tenants"`
	Seconds       float64         `json:"seconds"` // from the first upload's start until the last video was ready
	Seed          uint64          `json:"seed"`
	Began         string          `json:"began_at"`
	CPUs          int             `json:"cpus"` // of the machine that load runs on
	MissedSamples int             `json:"missed_samples"`
	Queues        []QueueSeries   `json:"queues"`
	Timelines     []VideoTimeline `json:"timelines"`
}

// TenantResult is how one tenant's videos fared. Times are medians and such over what was measured, in seconds.
type TenantResult struct {
	Tenant     string  `json:"tenant"`
	Sent       int     `json:"sent"`
	Ready      int     `json:"ready"`
	Tasks      int     `json:"tasks"`
	Measured   int     `json:"tasks_measured"`  // tasks whose wait is known
	Contended  int     `json:"tasks_contended"` // those of them that were sent while other tenants had tasks under way
	WaitP50    float64 `json:"wait_p50_s"`      // of the contended ones' messages in the queues of encode, until a worker took them
	WaitP95    float64 `json:"wait_p95_s"`
	WaitAllP50 float64 `json:"wait_all_p50_s"` // of all its tasks' messages
	StartP50   float64 `json:"start_p50_s"`    // of its videos, from the upload's completion until the first task begins
	ReadyP50   float64 `json:"ready_p50_s"`    // of its videos, from the upload's completion until it is ready
}

// VideoTimeline is one video's timeline.
type VideoTimeline struct {
	Video   string        `json:"video"`
	Tenant  string        `json:"tenant"`
	Clip    string        `json:"clip"`
	Changes []StateChange `json:"changes"`
	Faults  []string      `json:"faults,omitempty"` // what is wrong with it
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

// summarizeVideos counts the videos and sums up each tenant, in their order.
func summarizeVideos(fates []videoOutcome, heard bool, deadLetters int) Result {
	r := Result{Subscribed: heard, DeadLetters: deadLetters}
	by := map[string][]videoOutcome{}
	var names []string
	for _, f := range fates {
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

// busyPeriod is the time in which a tenant has tasks under way.
type busyPeriod struct{ from, to time.Time }

func findBusyPeriod(fates []videoOutcome) (s busyPeriod) {
	for _, f := range fates {
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

// isContended reports whether any tenant but one has tasks under way at a moment. All are, where there is but one.
func isContended(at time.Time, name string, spans map[string]busyPeriod) bool {
	for other, s := range spans {
		if other != name && !at.Before(s.from) && !at.After(s.to) {
			return true
		}
	}
	return len(spans) == 1
}

func summarizeTenant(name string, fates []videoOutcome, spans map[string]busyPeriod) TenantResult {
	t := TenantResult{Tenant: name, Sent: len(fates)}
	var waits, all, starts, readies []float64
	for _, f := range fates {
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
	t.Contended, t.WaitP50, t.WaitP95, t.WaitAllP50 = len(waits), percentile(waits, 0.5), percentile(waits, 0.95), percentile(all, 0.5)
	t.StartP50, t.ReadyP50 = percentile(starts, 0.5), percentile(readies, 0.5)
	return t
}

// appendSeconds adds the seconds between two moments that are known. Clocks of two machines may differ.
func appendSeconds(all []float64, from, to time.Time) []float64 {
	if from.IsZero() || to.IsZero() {
		return all
	}
	return append(all, max(0, to.Sub(from).Seconds()))
}

// percentile returns the value that a share p of all are not above, to the millisecond: 0 of none.
func percentile(all []float64, p float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	at := sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
	return math.Round(at*1000) / 1000
}
