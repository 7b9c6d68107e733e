package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client"
)

// goodOutcome returns a ready video whose tasks were sent in the third second and waited as long as given, in seconds.
func goodOutcome(tenant string, waits ...float64) videoOutcome {
	o := videoOutcome{
		plannedVideo: plannedVideo{tenant: tenant}, id: "vid", state: "ready", uploaded: atSecond(1),
		ready:   atSecond(11),
		planned: len(waits), announced: 1, copies: 1,
		changes: []StateChange{{"waiting", atSecond(0)}, {"ready", atSecond(11)}},
	}
	for _, w := range waits {
		o.tasks = append(o.tasks, taskTiming{atSecond(2), atSecond(2 + w), atSecond(4 + w)})
	}
	return o
}

func changedOutcome(change func(*videoOutcome)) videoOutcome {
	o := goodOutcome("a", 1)
	change(&o)
	return o
}

func TestSummaryCountsOutcomes(t *testing.T) {
	t.Parallel()
	type counts struct{ Ready, Failed, Lost, Duplicated, Broken int }
	for _, tt := range []struct {
		name string
		fate videoOutcome
		want counts
	}{
		{"good", goodOutcome("a", 1), counts{Ready: 1}},
		{"failed", changedOutcome(func(o *videoOutcome) {
			o.state, o.announced, o.copies = "failed", 0, 0
		}), counts{Failed: 1}},
		{"not sent", changedOutcome(func(o *videoOutcome) {
			o.state, o.announced, o.copies = "", 0, 0
		}), counts{Failed: 1}},
		{"stuck", changedOutcome(func(o *videoOutcome) { o.state, o.announced = "processing", 0 }), counts{Lost: 1}},
		{"nobody was told", changedOutcome(func(o *videoOutcome) { o.announced = 0 }), counts{Ready: 1, Lost: 1}},
		{"told twice", changedOutcome(func(o *videoOutcome) { o.announced = 2 }), counts{Ready: 1, Duplicated: 1}},
		{"made twice", changedOutcome(func(o *videoOutcome) { o.copies = 2 }), counts{Ready: 1, Duplicated: 1}},
		{"ready twice", changedOutcome(func(o *videoOutcome) {
			o.changes = append(o.changes, StateChange{"processing", atSecond(12)}, StateChange{"ready", atSecond(13)})
		}), counts{Ready: 1, Duplicated: 1}},
		{"not whole", changedOutcome(func(o *videoOutcome) {
			o.defects = []string{"a segment is missing"}
		}), counts{Ready: 1, Broken: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := summarizeVideos([]videoOutcome{tt.fate}, true, 0)
			if got := (counts{r.Ready, r.Failed, r.Lost, r.Duplicated, r.Broken}); got != tt.want || r.Videos != 1 {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
	if r := summarizeVideos([]videoOutcome{changedOutcome(func(o *videoOutcome) {
		o.announced = 0
	})}, false, 0); r.Lost != 0 {
		t.Error("lost, as nobody listened")
	}
}

func TestSummaryComputesTenantPercentiles(t *testing.T) {
	t.Parallel()
	slow := goodOutcome("b", 4)
	slow.ready, slow.planned = atSecond(31), 3
	alone := goodOutcome("b", 1)
	alone.tasks[0] = taskTiming{atSecond(20), atSecond(50), atSecond(51)}
	r := summarizeVideos(
		[]videoOutcome{
			goodOutcome("b", 1, 2), slow, goodOutcome("b", 3), alone, goodOutcome("a"),
			changedOutcome(func(o *videoOutcome) {
				o.state = "failed"
			}),
		}, true, 0,
	)
	want := []TenantResult{
		{
			Tenant: "b", Sent: 4, Ready: 4, Tasks: 7, Measured: 5, Contended: 4, WaitP50: 2, WaitP95: 4, WaitAllP50: 3,
			StartP50: 4, ReadyP50: 10,
		},
		{
			Tenant: "a", Sent: 2, Ready: 1, Tasks: 1, Measured: 1, Contended: 1, WaitP50: 1, WaitP95: 1, WaitAllP50: 1,
			StartP50: 2, ReadyP50: 10,
		},
	}
	if diff := cmp.Diff(want, r.Tenants); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTaskIsContendedDuringOtherTenantsBusyPeriod(t *testing.T) {
	t.Parallel()
	spans := map[string]busyPeriod{"a": {atSecond(0), atSecond(10)}, "b": {atSecond(5), atSecond(20)}}
	for _, tt := range []struct {
		name  string
		at    float64
		spans map[string]busyPeriod
		want  bool
	}{
		{"a", 4, spans, false}, {"a", 5, spans, true}, {"b", 5, spans, true}, {"b", 10, spans, true},
		{"b", 11, spans, false},
		{"a", 4, map[string]busyPeriod{"a": {atSecond(0), atSecond(10)}}, true},
	} {
		if got := isContended(atSecond(tt.at), tt.name, tt.spans); got != tt.want {
			t.Errorf("%s at %v: %v", tt.name, tt.at, got)
		}
	}
}

func TestPercentileRoundsToMilliseconds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of   []float64
		p    float64
		want float64
	}{
		{nil, 0.5, 0}, {[]float64{3}, 0.95, 3}, {[]float64{4, 1, 3, 2}, 0.5, 2}, {[]float64{5, 1, 3, 2, 4}, 0.5, 3},
		{[]float64{1, 2}, 0, 1}, {[]float64{1, 2}, 1, 2}, {[]float64{0.12345}, 0.5, 0.123},
	} {
		if got := percentile(tt.of, tt.p); got != tt.want {
			t.Errorf("%v of %v is %v, want %v", tt.p, tt.of, got, tt.want)
		}
	}
}

// fairResult returns a result without violations.
func fairResult() Result {
	small := TenantResult{
		Tenant: "small", Sent: 4, Ready: 4, Tasks: 12, Measured: 12, Contended: 12, WaitP50: 1, ReadyP50: 10,
	}
	big := TenantResult{
		Tenant: "big", Sent: 40, Ready: 40, Tasks: 120, Measured: 120, Contended: 40, WaitP50: 2, ReadyP50: 60,
	}
	return Result{Videos: 44, Ready: 44, Tenants: []TenantResult{small, big}}
}

func TestVerdictReportsViolations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Result)
		want   string // "": no violation
	}{
		{"all well", func(*Result) {}, ""},
		{"failed", func(r *Result) { r.Failed = 1 }, "1 of 44 videos failed"},
		{"lost", func(r *Result) { r.Lost = 2 }, "2 of 44 videos are lost"},
		{"duplicated", func(r *Result) { r.Duplicated = 1 }, "ready more than once"},
		{"broken", func(r *Result) { r.Broken = 1 }, "not whole"},
		{"letters", func(r *Result) { r.DeadLetters = 3 }, "3 messages became dead letters"},
		{"too little is known", func(r *Result) { r.Tenants[1].Measured = 100 }, "is known of 100 of 120 tasks of big"},
		{"nothing is known", func(r *Result) {
			r.Tenants[0].Tasks, r.Tenants[0].Measured = 0, 0
		}, "is known of 0 of 0 tasks of small"},
		{"unfair to the big one", func(r *Result) {
			r.Tenants[1].WaitP50 = 2.01
		}, "the tasks of big waited 2.01 s in the median, more than 2 times as long as the 1.00 s of small"},
		{"unfair to a small one", func(r *Result) { r.Tenants[0].WaitP50 = 4.5 }, "the tasks of small waited 4.50 s"},
		{"below what counts", func(r *Result) { r.Tenants[0].WaitP50, r.Tenants[1].WaitP50 = 0.01, 0.4 }, ""},
		{"above what counts", func(r *Result) {
			r.Tenants[0].WaitP50, r.Tenants[1].WaitP50 = 0.01, 0.6
		}, "waited 0.60 s"},
		{"too few to compare", func(r *Result) { r.Tenants[0].Contended, r.Tenants[1].WaitP50 = 7, 9 }, ""},
		{"late", func(r *Result) { r.Tenants[0].ReadyP50 = 61 }, "small sent 4 videos and had to wait 61.0 s for one"},
		{"as late as the others, who sent as many", func(r *Result) {
			r.Tenants[0].Sent, r.Tenants[0].ReadyP50 = 40, 61
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := fairResult()
			tt.change(&r)
			got := strings.Join(r.findViolations(), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) || strings.Count(got, "\n") > 0 {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
			if (r.verdictError() != nil) != (tt.want != "") {
				t.Errorf("complaint %v", r.verdictError())
			}
		})
	}
}

func TestOnlyNewDeadLettersOfTheBurstAreCounted(t *testing.T) {
	t.Parallel()
	of := func(videos ...string) map[string]client.DeadLetter {
		all := map[string]client.DeadLetter{}
		for _, v := range videos {
			all["letter of "+v] = client.DeadLetter{VideoID: v}
		}
		return all
	}
	outcomes := []videoOutcome{{id: "vid_1"}, {id: "vid_2"}}
	if n := countNewDeadLetters(of("vid_1"), of("vid_1", "vid_2", "vid_3", ""), outcomes); n != 2 {
		t.Errorf("%d letters, want that of vid_2 and that of none", n)
	}
}
