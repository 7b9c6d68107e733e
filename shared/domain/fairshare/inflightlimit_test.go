package fairshare_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// videoWithTasks returns a video of n tasks that was planned some minutes after noon.
func videoWithTasks(minute, n int) video.Video {
	p := video.Plan{
		Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50,
		Renditions: []video.Rendition{{Name: "720p", Width: 1280, Height: 720}},
	}
	for k := range n + 1 {
		p.Borders = append(p.Borders, k*50)
	}
	return video.Video{
		Tenant: "acme", ID: fmt.Sprintf("vid_%d", minute), State: video.Processing, Media: &video.Media{}, Plan: &p,
		Done:  map[int]bool{},
		Times: video.Times{Inspected: noon.Add(time.Duration(minute) * time.Minute)},
	}
}

// listInFlight returns the tasks in flight; "0/3" is task 3 of the video of minute 0.
func listInFlight(l fairshare.InFlightLimit) (all []string) {
	for _, a := range l.Allotments {
		for n := range a.InFlight {
			all = append(all, fmt.Sprintf("%s/%d", a.Video[len("vid_"):], n))
		}
	}
	slices.Sort(all)
	return all
}

func TestInFlightLimit(t *testing.T) {
	t.Parallel()
	first, second := videoWithTasks(0, 3), videoWithTasks(1, 4)
	full := fairshare.InFlightLimit{Lane: video.Interactive}.ReserveTasks(second, 4, "e1", noon)
	halfway := second
	halfway.Done = map[int]bool{0: true, 3: true}
	gone := second
	gone.State = video.Failed
	other := videoWithTasks(2, 2)
	late := noon.Add(fairshare.LeaseDuration)
	for _, tt := range []struct {
		name string
		w    fairshare.InFlightLimit
		want []string
		line int
	}{
		{
			"as many as there are free slots",
			fairshare.InFlightLimit{Lane: video.Interactive}.ReserveTasks(second, 3, "e1", noon),
			[]string{"1/0", "1/1", "1/2"}, 1,
		},
		{
			"the rest later",
			fairshare.InFlightLimit{Lane: video.Interactive}.ReserveTasks(second, 3, "e1", noon).ReserveTasks(
				second, 5, "e2", noon,
			),
			[]string{"1/0", "1/1", "1/2", "1/3"}, 0,
		},
		{"each task once", full.ReserveTasks(second, 9, "e2", noon), listInFlight(full), 0},
		{"no task when the limit is reached", full.ReserveTasks(first, 4, "e2", noon), listInFlight(full), 0},
		{
			"no finished task", fairshare.InFlightLimit{Lane: video.Interactive}.ReserveTasks(halfway, 4, "e1", noon),
			[]string{"1/1", "1/2"}, 0,
		},
		{
			"no task of a failed video",
			fairshare.InFlightLimit{Lane: video.Interactive}.ReserveTasks(gone, 4, "e1", noon), nil, 0,
		},
		{"finished tasks free their slots", full.ReleaseTasks(halfway, noon), []string{"1/1", "1/2"}, 0},
		{"a failed video frees its slots", full.ReleaseTasks(gone, noon), nil, 0},
		{"another video frees nothing", full.ReleaseTasks(first, noon), listInFlight(full), 0},
		{
			"free slots go to another video", full.ReleaseTasks(halfway, noon).ReserveTasks(first, 4, "e2", noon),
			[]string{"0/0", "0/1", "1/1", "1/2"}, 1,
		},
		{"a lease that holds", full.ExpireLeases(late.Add(-1)), listInFlight(full), 0},
		{"a lease that has ended", full.ExpireLeases(late), nil, 0},
		{
			"a lease that was renewed", full.ReleaseTasks(halfway, noon.Add(time.Minute)).ExpireLeases(late),
			[]string{"1/1", "1/2"}, 0,
		},
		{"one lease of two", full.ReserveTasks(other, 6, "e2", late).ExpireLeases(late), []string{"2/0", "2/1"}, 0},
		{
			"a retry, with tasks whose lease has expired",
			fairshare.InFlightLimit{Lane: video.Interactive}.ReserveTasks(
				second, 1, "e1", noon,
			).ExpireLeases(late).ReserveTasks(second, 2, "e2", late).RetryTasks(second, "e3", late).ReserveTasks(
				second, 9, "e3", late,
			),
			[]string{"1/0", "1/1", "1/2", "1/3"}, 0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, listInFlight(tt.w)); d != "" {
				t.Errorf("in flight (-want +got):\n%s", d)
			}
			if line := tt.w.PendingPositions(); len(line) != tt.line {
				t.Errorf("%v wait, want %d", line, tt.line)
			}
			if n := tt.w.CountInFlight(); n != len(tt.want) || tt.w.FreeSlots(9) != 9-n || tt.w.FreeSlots(0) != 0 {
				t.Errorf("%d in flight leave room for %d", n, tt.w.FreeSlots(9))
			}
		})
	}
}

// The reservations of an event are found again when it is delivered again, also after it has reserved more.
func TestReservationsAreListedAgainForDuplicateEvent(t *testing.T) {
	t.Parallel()
	first, second := videoWithTasks(0, 2), videoWithTasks(1, 4)
	l := fairshare.InFlightLimit{Lane: video.Interactive}.ReserveTasks(second, 2, "e1", noon).ReserveTasks(
		first, 4, "e2", noon,
	)
	second.Done[0] = true
	l = l.ReleaseTasks(second, noon).ReserveTasks(second, 4, "e2", noon)
	want := map[string][]fairshare.TaskReservation{
		"e1": {{Video: "vid_1", Tasks: []int{1}}},
		"e2": {{Video: "vid_0", Tasks: []int{0, 1}}, {Video: "vid_1", Tasks: []int{2}}},
		"e3": nil,
	}
	for event, asked := range want {
		if d := cmp.Diff(asked, l.ReservedBy(event)); d != "" {
			t.Errorf("%s (-want +got):\n%s", event, d)
		}
	}
	if d := cmp.Diff(
		[]fairshare.TaskReservation{{Video: "vid_1", Tasks: []int{1, 2}}},
		l.RetryTasks(second, "e3", noon).ReservedBy("e3"),
	); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(l, l.RetryTasks(videoWithTasks(7, 1), "e3", noon)); d != "" {
		t.Errorf("a video without an allotment changes it: %s", d)
	}
}

// A long video has tasks in both lanes; tasks in flight in one lane don't count in the other.
func TestInFlightLimitCountsOneLane(t *testing.T) {
	t.Parallel()
	longVideo := videoWithTasks(0, 18)
	for lane, want := range map[video.Lane][]int{video.Interactive: {0, 1, 2, 3}, video.Bulk: {4, 5, 6, 7, 8, 9}} {
		l := fairshare.InFlightLimit{Lane: lane}.ReserveTasks(longVideo, 6, "e1", noon)
		if d := cmp.Diff([]fairshare.TaskReservation{{Video: longVideo.ID, Tasks: want}}, l.ReservedBy("e1")); d != "" {
			t.Errorf("%s (-want +got):\n%s", lane, d)
		}
		if left := len(l.PendingPositions()) > 0; left != (lane == video.Bulk) || !l.HasPendingTasks(longVideo) {
			t.Errorf("%s: some are left: %t", lane, left)
		}
	}
	for n := range 4 {
		longVideo.Done[n] = true
	}
	if (fairshare.InFlightLimit{Lane: video.Interactive}).HasPendingTasks(longVideo) ||
		!(fairshare.InFlightLimit{Lane: video.Bulk}).HasPendingTasks(longVideo) {
		t.Error("only the interactive tasks are finished")
	}
	if (fairshare.InFlightLimit{Lane: video.Bulk}).HasPendingTasks(videoWithTasks(1, 16)) {
		t.Error("a short video has no bulk tasks")
	}
}

func TestIsQueuedWhileOtherVideosProgress(t *testing.T) {
	t.Parallel()
	requested, waiting := videoWithTasks(0, 1), videoWithTasks(1, 4)
	l := fairshare.InFlightLimit{Lane: video.Interactive, LastProgress: noon}.ReserveTasks(requested, 1, "e1", noon)
	failed := waiting
	failed.State = video.Failed
	still := fairshare.InFlightLimit{Lane: video.Bulk}
	for _, tt := range []struct {
		name string
		v    video.Video
		at   time.Duration
		want bool
	}{
		{"other videos progress", waiting, 29 * time.Minute, true},
		{"no progress", waiting, 30 * time.Minute, false},
		{"a task is in flight", requested, 0, false},
		{"the video has failed", failed, 0, false},
	} {
		for _, limits := range [][]fairshare.InFlightLimit{{l}, {l, still}, {still, l}} {
			if got := fairshare.IsQueued(tt.v, limits, noon.Add(tt.at)); got != tt.want {
				t.Errorf("%s: %t", tt.name, got)
			}
		}
	}
}

// tenantModel is a tenant's videos, with the limit and the wait queue as the publish service keeps them.
type tenantModel struct {
	t        *rapid.T
	limit    fairshare.InFlightLimit
	size     int
	videos   []video.Video
	waiting  []fairshare.QueuePosition
	requests map[string]int // how often each task was requested
	now      time.Time
	events   int
}

// handleEvent updates the limit after an event about one video, as package publish does, and counts the requests.
func (m *tenantModel) handleEvent(v video.Video, joins bool) {
	m.events++
	event := fmt.Sprint("event ", m.events)
	before := m.limit
	m.limit = m.limit.ReleaseTasks(v, m.now).ExpireLeases(m.now)
	if _, has := m.limit.FindAllotment(v.ID); joins && !has && !slices.Contains(m.waiting, fairshare.PositionOf(v)) {
		m.waiting = append(m.waiting, fairshare.PositionOf(v))
	}
	for m.limit.FreeSlots(m.size) > 0 {
		line := slices.SortedFunc(
			slices.Values(slices.Concat(m.limit.PendingPositions(), m.waiting)), fairshare.QueuePosition.Compare,
		)
		if len(line) == 0 {
			break
		}
		m.waiting = slices.DeleteFunc(m.waiting, func(p fairshare.QueuePosition) bool { return p == line[0] })
		next := m.videos[slices.IndexFunc(m.videos, func(v video.Video) bool {
			return fairshare.PositionOf(v) == line[0]
		})]
		m.limit = m.limit.ReleaseTasks(next, m.now).ReserveTasks(next, m.size, event, m.now)
	}
	for _, a := range m.limit.ReservedBy(event) {
		for _, n := range a.Tasks {
			m.requests[fmt.Sprint(a.Video, "/", n)]++
		}
	}
	m.checkInvariants(before)
}

// checkInvariants checks that the limit is kept, finished tasks are not requested, and no slot is free while a video
// waits.
func (m *tenantModel) checkInvariants(before fairshare.InFlightLimit) {
	if n := m.limit.CountInFlight(); n > m.size {
		m.t.Fatalf("%d in flight, %d may be", n, m.size)
	}
	if m.limit.FreeSlots(m.size) > 0 && len(m.waiting)+len(m.limit.PendingPositions()) > 0 {
		m.t.Fatalf("room for %d, and %v and %v wait", m.limit.FreeSlots(m.size), m.waiting, m.limit.PendingPositions())
	}
	if !slices.IsSortedFunc(m.limit.Allotments, func(a, b fairshare.Allotment) int {
		return a.QueuePosition.Compare(b.QueuePosition)
	}) {
		m.t.Fatalf("not in order: %v", m.limit.Allotments)
	}
	for _, v := range m.videos {
		s, _ := m.limit.FindAllotment(v.ID)
		for n := range s.InFlight {
			if was, _ := before.FindAllotment(v.ID); was.InFlight[n] == "" && v.Done[n] {
				m.t.Fatalf("%s/%d is asked for, and done", v.ID, n)
			}
		}
	}
}

// In any order of new videos, finished tasks, failures and duplicates, each task is requested once, those of the videos
// planned first come first, and in the end all tasks are finished.
func TestEveryTaskIsRequestedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &tenantModel{
			t: t, limit: fairshare.InFlightLimit{Lane: video.Interactive}, size: rapid.IntRange(1, 6).Draw(t, "size"),
			requests: map[string]int{}, now: noon,
		}
		for i := range rapid.IntRange(1, 8).Draw(t, "videos") {
			m.videos = append(m.videos, videoWithTasks(i, rapid.IntRange(1, 9).Draw(t, "tasks")))
			m.handleEvent(m.videos[i], true)
			if rapid.Bool().Draw(t, "twice") {
				m.handleEvent(m.videos[i], true)
			}
		}
		for m.limit.CountInFlight() > 0 {
			m.now = m.now.Add(time.Second)
			a := rapid.SampledFrom(m.limit.Allotments).Draw(t, "video")
			i := slices.IndexFunc(m.videos, func(v video.Video) bool { return v.ID == a.Video })
			v := &m.videos[i]
			for n := range a.InFlight {
				v.Done[n] = true
				break
			}
			switch {
			case v.IsComplete():
				v.State = video.Ready
			case rapid.IntRange(0, 20).Draw(t, "fails") == 0:
				v.State = video.Failed
			}
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				m.handleEvent(*v, false)
			}
		}
		for _, v := range m.videos {
			for n := range v.Plan.TaskCount() {
				switch times := m.requests[fmt.Sprint(v.ID, "/", n)]; {
				case times > 1, v.State == video.Ready && times != 1:
					t.Fatalf("%s/%d was asked for %d times", v.ID, n, times)
				}
			}
			if v.State == video.Processing {
				t.Fatalf("%s never ends: %v of %d", v.ID, v.Done, v.Plan.TaskCount())
			}
		}
	})
}

// If events about finished tasks or deleted videos are lost, waiting videos go on when the leases have expired.
func TestExpiredLeasesFreeCapacity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &tenantModel{
			t: t, limit: fairshare.InFlightLimit{Lane: video.Interactive}, size: rapid.IntRange(1, 4).Draw(t, "size"),
			requests: map[string]int{}, now: noon,
		}
		for i := range 6 {
			m.videos = append(m.videos, videoWithTasks(i, rapid.IntRange(1, 5).Draw(t, "tasks")))
			m.handleEvent(m.videos[i], true)
		}
		for round := 0; len(m.waiting)+len(m.limit.PendingPositions()) > 0; round++ {
			if round > 40 {
				t.Fatalf("%v and %v wait for ever", m.waiting, m.limit.PendingPositions())
			}
			for _, a := range m.limit.Allotments { // their results are lost, or the events about their deletion
				i := slices.IndexFunc(m.videos, func(v video.Video) bool { return v.ID == a.Video })
				if rapid.Bool().Draw(t, "ends") {
					m.videos[i].State = video.Deleting
				}
			}
			m.now = m.now.Add(fairshare.LeaseDuration)
			m.handleEvent(videoWithTasks(99, 1), false)
		}
	})
}
