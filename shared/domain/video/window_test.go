package video_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/video"
)

// clip returns a video of n tasks that was planned at a minute.
func clip(minute, n int) video.Video {
	p := plan
	p.Audio, p.Borders = false, nil
	for k := range n + 1 {
		p.Borders = append(p.Borders, k*50)
	}
	v := row(video.Processing)
	v.ID, v.Plan, v.Done = fmt.Sprintf("vid_%d", minute), &p, map[int]bool{}
	v.Times.Inspected = noon.Add(time.Duration(minute) * time.Minute)
	return v
}

// flying returns what is in flight, "0/3" being task 3 of the video of minute 0.
func flying(w video.Window) (all []string) {
	for _, s := range w.Shares {
		for n := range s.Flight {
			all = append(all, fmt.Sprintf("%s/%d", s.Video[len("vid_"):], n))
		}
	}
	slices.Sort(all)
	return all
}

func TestWindow(t *testing.T) {
	t.Parallel()
	first, second := clip(0, 3), clip(1, 4)
	full := video.Window{Lane: video.Interactive}.Ask(second, 4, "e1", noon)
	halfway := second
	halfway.Done = map[int]bool{0: true, 3: true}
	gone := second
	gone.State = video.Failed
	other := clip(2, 2)
	late := noon.Add(video.WindowLease)
	for _, tt := range []struct {
		name string
		w    video.Window
		want []string
		line int
	}{
		{"as many as there is room for", video.Window{Lane: video.Interactive}.Ask(second, 3, "e1", noon), []string{"1/0", "1/1", "1/2"}, 1},
		{"and the rest later", video.Window{Lane: video.Interactive}.Ask(second, 3, "e1", noon).Ask(second, 5, "e2", noon), []string{"1/0", "1/1", "1/2", "1/3"}, 0},
		{"each once", full.Ask(second, 9, "e2", noon), flying(full), 0},
		{"nothing when it is full", full.Ask(first, 4, "e2", noon), flying(full), 0},
		{"not what is done", video.Window{Lane: video.Interactive}.Ask(halfway, 4, "e1", noon), []string{"1/1", "1/2"}, 0},
		{"nothing of what has failed", video.Window{Lane: video.Interactive}.Ask(gone, 4, "e1", noon), nil, 0},
		{"what is done is free", full.Settle(halfway, noon), []string{"1/1", "1/2"}, 0},
		{"what has failed is free", full.Settle(gone, noon), nil, 0},
		{"others are not", full.Settle(first, noon), flying(full), 0},
		{"what is free goes to another", full.Settle(halfway, noon).Ask(first, 4, "e2", noon), []string{"0/0", "0/1", "1/1", "1/2"}, 1},
		{"a lease that holds", full.Lapse(late.Add(-1)), flying(full), 0},
		{"a lease that has ended", full.Lapse(late), nil, 0},
		{"a lease that was renewed", full.Settle(halfway, noon.Add(time.Minute)).Lapse(late), []string{"1/1", "1/2"}, 0},
		{"one lease of two", full.Ask(other, 6, "e2", late).Lapse(late), []string{"2/0", "2/1"}, 0},
		{"again, and what was given up too", video.Window{Lane: video.Interactive}.Ask(second, 1, "e1", noon).Lapse(late).Ask(second, 2, "e2", late).Again(second, "e3", late).Ask(second, 9, "e3", late),
			[]string{"1/0", "1/1", "1/2", "1/3"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, flying(tt.w)); d != "" {
				t.Errorf("in flight (-want +got):\n%s", d)
			}
			if line := tt.w.Line(); len(line) != tt.line {
				t.Errorf("%v wait, want %d", line, tt.line)
			}
			if n := tt.w.InFlight(); n != len(tt.want) || tt.w.Room(9) != 9-n || tt.w.Room(0) != 0 {
				t.Errorf("%d in flight leave room for %d", n, tt.w.Room(9))
			}
		})
	}
}

// What an event has asked for is told when it comes again, and when it asks again too.
func TestWhatAnEventHasAskedForIsSaidAgain(t *testing.T) {
	t.Parallel()
	first, second := clip(0, 2), clip(1, 4)
	w := video.Window{Lane: video.Interactive}.Ask(second, 2, "e1", noon).Ask(first, 4, "e2", noon)
	second.Done[0] = true
	w = w.Settle(second, noon).Ask(second, 4, "e2", noon)
	want := map[string][]video.Asked{
		"e1": {{Video: "vid_1", Tasks: []int{1}}},
		"e2": {{Video: "vid_0", Tasks: []int{0, 1}}, {Video: "vid_1", Tasks: []int{2}}},
		"e3": nil,
	}
	for event, asked := range want {
		if d := cmp.Diff(asked, w.Granted(event)); d != "" {
			t.Errorf("%s (-want +got):\n%s", event, d)
		}
	}
	if d := cmp.Diff([]video.Asked{{Video: "vid_1", Tasks: []int{1, 2}}}, w.Again(second, "e3", noon).Granted("e3")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(w, w.Again(clip(7, 1), "e3", noon)); d != "" {
		t.Errorf("a video without a share changes it: %s", d)
	}
}

// A film has tasks in both lanes; what is in flight in one leaves room in the other.
func TestAWindowIsOfALane(t *testing.T) {
	t.Parallel()
	film := clip(0, 18)
	for lane, want := range map[video.Lane][]int{video.Interactive: {0, 1, 2, 3}, video.Bulk: {4, 5, 6, 7, 8, 9}} {
		w := video.Window{Lane: lane}.Ask(film, 6, "e1", noon)
		if d := cmp.Diff([]video.Asked{{Video: film.ID, Tasks: want}}, w.Granted("e1")); d != "" {
			t.Errorf("%s (-want +got):\n%s", lane, d)
		}
		if left := len(w.Line()) > 0; left != (lane == video.Bulk) || !w.Wants(film) {
			t.Errorf("%s: some are left: %t", lane, left)
		}
	}
	for n := range 4 {
		film.Done[n] = true
	}
	if (video.Window{Lane: video.Interactive}).Wants(film) || !(video.Window{Lane: video.Bulk}).Wants(film) {
		t.Error("what begins is done, the rest is not")
	}
	if (video.Window{Lane: video.Bulk}).Wants(clip(1, 16)) {
		t.Error("a clip has nothing in bulk")
	}
}

func TestQueued(t *testing.T) {
	t.Parallel()
	flies, waits := clip(0, 1), clip(1, 4)
	w := video.Window{Lane: video.Interactive, Moved: noon}.Ask(flies, 1, "e1", noon)
	failed := waits
	failed.State = video.Failed
	still := video.Window{Lane: video.Bulk}
	for _, tt := range []struct {
		name string
		v    video.Video
		at   time.Duration
		want bool
	}{
		{"it waits, and others move on", waits, 29 * time.Minute, true},
		{"nothing moves", waits, 30 * time.Minute, false},
		{"it has its turn", flies, 0, false},
		{"it waits for nothing", failed, 0, false},
	} {
		for _, windows := range [][]video.Window{{w}, {w, still}, {still, w}} {
			if got := tt.v.Queued(windows, noon.Add(tt.at)); got != tt.want {
				t.Errorf("%s: %t", tt.name, got)
			}
		}
	}
}

// fleet is a tenant's videos, and a window that is kept as publish keeps it, with the line beside it.
type fleet struct {
	t      *rapid.T
	w      video.Window
	size   int
	videos []video.Video
	waits  []video.Turn
	asked  map[string]int // how often each task was asked for
	now    time.Time
	events int
}

// turn brings in what one event says of one video, as package pipeline does, and counts what is asked for.
func (f *fleet) turn(v video.Video, joins bool) {
	f.events++
	event := fmt.Sprint("event ", f.events)
	before := f.w
	f.w = f.w.Settle(v, f.now).Lapse(f.now)
	if _, has := f.w.Share(v.ID); joins && !has && !slices.Contains(f.waits, v.Turn()) {
		f.waits = append(f.waits, v.Turn())
	}
	for f.w.Room(f.size) > 0 {
		line := slices.SortedFunc(slices.Values(slices.Concat(f.w.Line(), f.waits)), video.Turn.Compare)
		if len(line) == 0 {
			break
		}
		f.waits = slices.DeleteFunc(f.waits, func(t video.Turn) bool { return t == line[0] })
		next := f.videos[slices.IndexFunc(f.videos, func(v video.Video) bool { return v.Turn() == line[0] })]
		f.w = f.w.Settle(next, f.now).Ask(next, f.size, event, f.now)
	}
	for _, a := range f.w.Granted(event) {
		for _, n := range a.Tasks {
			f.asked[fmt.Sprint(a.Video, "/", n)]++
		}
	}
	f.holds(before)
}

// holds checks what always holds: never too many, none that is done, and no room while somebody waits.
func (f *fleet) holds(before video.Window) {
	if n := f.w.InFlight(); n > f.size {
		f.t.Fatalf("%d in flight, %d may be", n, f.size)
	}
	if f.w.Room(f.size) > 0 && len(f.waits)+len(f.w.Line()) > 0 {
		f.t.Fatalf("room for %d, and %v and %v wait", f.w.Room(f.size), f.waits, f.w.Line())
	}
	if !slices.IsSortedFunc(f.w.Shares, func(a, b video.Share) int { return a.Turn.Compare(b.Turn) }) {
		f.t.Fatalf("not in order: %v", f.w.Shares)
	}
	for _, v := range f.videos {
		s, _ := f.w.Share(v.ID)
		for n := range s.Flight {
			if was, _ := before.Share(v.ID); was.Flight[n] == "" && v.Done[n] {
				f.t.Fatalf("%s/%d is asked for, and done", v.ID, n)
			}
		}
	}
}

// Whatever the order in which videos come, tasks end, fail and are told twice: each task is asked for once, first those
// of the videos that were planned first, and in the end all are done.
func TestEveryTaskHasItsTurnOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := &fleet{t: t, w: video.Window{Lane: video.Interactive}, size: rapid.IntRange(1, 6).Draw(t, "size"), asked: map[string]int{}, now: noon}
		for i := range rapid.IntRange(1, 8).Draw(t, "videos") {
			f.videos = append(f.videos, clip(i, rapid.IntRange(1, 9).Draw(t, "tasks")))
			f.turn(f.videos[i], true)
			if rapid.Bool().Draw(t, "twice") {
				f.turn(f.videos[i], true)
			}
		}
		for f.w.InFlight() > 0 {
			f.now = f.now.Add(time.Second)
			s := rapid.SampledFrom(f.w.Shares).Draw(t, "video")
			i := slices.IndexFunc(f.videos, func(v video.Video) bool { return v.ID == s.Video })
			v := &f.videos[i]
			for n := range s.Flight {
				v.Done[n] = true
				break
			}
			switch {
			case v.Complete():
				v.State = video.Ready
			case rapid.IntRange(0, 20).Draw(t, "fails") == 0:
				v.State = video.Failed
			}
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				f.turn(*v, false)
			}
		}
		for _, v := range f.videos {
			for n := range v.Plan.Size() {
				switch times := f.asked[fmt.Sprint(v.ID, "/", n)]; {
				case times > 1, v.State == video.Ready && times != 1:
					t.Fatalf("%s/%d was asked for %d times", v.ID, n, times)
				}
			}
			if v.State == video.Processing {
				t.Fatalf("%s never ends: %v of %d", v.ID, v.Done, v.Plan.Size())
			}
		}
	})
}

// Events may be lost, of tasks that end and of videos that leave: when the leases have ended, those that wait go on.
func TestWhatLeaksIsFreeAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := &fleet{t: t, w: video.Window{Lane: video.Interactive}, size: rapid.IntRange(1, 4).Draw(t, "size"), asked: map[string]int{}, now: noon}
		for i := range 6 {
			f.videos = append(f.videos, clip(i, rapid.IntRange(1, 5).Draw(t, "tasks")))
			f.turn(f.videos[i], true)
		}
		for round := 0; len(f.waits)+len(f.w.Line()) > 0; round++ {
			if round > 40 {
				t.Fatalf("%v and %v wait for ever", f.waits, f.w.Line())
			}
			for _, s := range f.w.Shares { // their results are lost, or what they left
				i := slices.IndexFunc(f.videos, func(v video.Video) bool { return v.ID == s.Video })
				if rapid.Bool().Draw(t, "ends") {
					f.videos[i].State = video.Deleting
				}
			}
			f.now = f.now.Add(video.WindowLease)
			f.turn(clip(99, 1), false)
		}
	})
}
