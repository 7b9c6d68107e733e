package publish

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
)

// plannedVideo returns a video of n tasks, without audio, that was planned some minutes after noon.
func plannedVideo(minute, n int) video.Video {
	p := video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0}}
	for k := range n {
		p.Borders = append(p.Borders, 200*(k+1))
	}
	planned := time.Date(2026, 11, 22, 12, minute, 0, 0, time.UTC)
	return video.Video{
		ID: fmt.Sprint("vid_", minute), State: video.Processing, Plan: &p, Times: video.Times{Inspected: planned},
	}
}

func TestSlotsAreTakenInTheOrderOfPlanning(t *testing.T) {
	t.Parallel()
	first, second, third := plannedVideo(1, 1), plannedVideo(2, 2), plannedVideo(3, 2)
	videos := map[string]video.Video{first.ID: first, second.ID: second, third.ID: third}
	r := newShareRequest(TaskRequest{
		Event: events.Event{ID: "e", Data: video.MediaInspected{}}, Video: second, WantsTasks: true,
	}, second.Times.Inspected, videos)
	u := newLimitUpdate(fairshare.InFlightLimit{Lane: video.Interactive, MoreWaiting: true}, 4, r).startRequest(r)
	u.waiting = []fairshare.QueuePosition{fairshare.PositionOf(first), fairshare.PositionOf(third)}
	var order []string
	for u.countFreeSlots() > 0 {
		next, ok := fairshare.QueuePosition{}, false
		if u, next, ok = u.takeNext(r); !ok {
			break
		}
		order, u = append(order, next.Video), u.reserveTasks(videos[next.Video], r)
	}
	if d := cmp.Diff([]string{first.ID, second.ID, third.ID}, order); d != "" {
		t.Error(d)
	}
	taken := []fairshare.QueuePosition{fairshare.PositionOf(first), fairshare.PositionOf(third)}
	if d := cmp.Diff(taken, u.taken); d != "" || u.mustEnqueue || u.limit.CountInFlight() != 4 {
		t.Errorf("joins %t, %d in flight, taken (-want +got):\n%s", u.mustEnqueue, u.limit.CountInFlight(), d)
	}
}

func TestVideoJoinsTheWaitQueueWithoutFreeSlots(t *testing.T) {
	t.Parallel()
	first, second := plannedVideo(1, 2), plannedVideo(2, 2)
	full := fairshare.InFlightLimit{Lane: video.Interactive}.ReserveTasks(first, 2, "e0", first.Times.Inspected)
	for _, tt := range []struct {
		name       string
		data       any
		wantsTasks bool
		joins      bool
	}{
		{"planned", video.MediaInspected{}, true, true},
		{"deadline passed, waiting", video.DeadlinePassed{Queued: true}, false, true},
		{"deadline passed, not waiting", video.DeadlinePassed{}, false, false},
		{"task done", video.EncodeDone{}, false, false},
	} {
		r := newShareRequest(TaskRequest{
			Event: events.Event{ID: "e1", Data: tt.data}, Video: second, WantsTasks: tt.wantsTasks,
		}, second.Times.Inspected, nil)
		if u := newLimitUpdate(full, 2, r).startRequest(r); u.mustEnqueue != tt.joins || u.countFreeSlots() != 0 {
			t.Errorf("%s: joins %t, %d free slots", tt.name, u.mustEnqueue, u.countFreeSlots())
		}
	}
}
