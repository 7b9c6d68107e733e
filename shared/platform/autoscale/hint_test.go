package autoscale_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/video"
	"sluice/shared/platform/autoscale"
)

// office has a Watcher, and notes what it says.
type office struct {
	autoscale.Watcher
	now  time.Time
	told []autoscale.Hint
	err  error
}

func newOffice() *office {
	o := &office{now: noon}
	o.Watcher = autoscale.Watcher{Now: func() time.Time { return o.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	o.Wake = func(_ context.Context, h autoscale.Hint) error {
		o.told = append(o.told, h)
		return o.err
	}
	return o
}

// handle has the Watcher see one event that was handled.
func (o *office) handle(t *testing.T, what video.Event, out []events.Event, err error) {
	t.Helper()
	h := o.Watch(func(context.Context, events.Event) ([]events.Event, error) { return out, err })
	got, goterr := h(t.Context(), events.Of("acme", "vid_1", noon, what))
	if len(got) != len(out) || !errors.Is(goterr, err) {
		t.Errorf("the handler's %d events and %v became %d and %v", len(out), err, len(got), goterr)
	}
}

// tasks asks for so many in each lane.
func tasks(interactive, bulk int) (out []events.Event) {
	for n := range interactive + bulk {
		lane := video.Interactive
		if n >= interactive {
			lane = video.Bulk
		}
		out = append(out, events.Of("acme", "vid_1", noon, video.EncodeRequested{Task: video.Task{Number: n}, Lane: lane}))
	}
	return append(out, events.Of("acme", "vid_1", noon, video.VideoProcessing{}))
}

func TestALargeFanOutIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		interactive, bulk int
		err               error
		want              []autoscale.Hint
	}{
		{"a short video", 15, 0, nil, nil},
		{"many in a lane", 16, 0, nil, []autoscale.Hint{{Sent: map[string]int{"encode": 16}}}},
		{"a film", 5, 400, nil, []autoscale.Hint{{Sent: map[string]int{"encode": 5, "encode-bulk": 400}}}},
		{"a film that is not sent", 5, 400, errDown, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice()
			o.handle(t, video.MediaInspected{}, tasks(tt.interactive, tt.bulk), tt.err)
			if d := cmp.Diff(tt.want, o.told); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNobodyIsWokenTwiceInTenSeconds(t *testing.T) {
	t.Parallel()
	o := newOffice()
	for range 20 {
		o.handle(t, video.MediaInspected{}, tasks(5, 400), nil)
		o.now = o.now.Add(time.Second)
	}
	if len(o.told) != 2 {
		t.Errorf("woken %d times in 20 s", len(o.told))
	}
}

func TestWhoIsNotWokenHarmsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.err = errDown
	for range 2 { // and it is tried again
		o.handle(t, video.MediaInspected{}, tasks(5, 400), nil)
	}
	if len(o.told) != 2 {
		t.Errorf("tried %d times", len(o.told))
	}
}

func TestHowLongWorkTakesIsToldWhenItHasChanged(t *testing.T) {
	t.Parallel()
	o := newOffice()
	work := func(n int, seconds float64) {
		for range n {
			o.now = o.now.Add(time.Second)
			done := video.TaskDone{At: noon}
			if seconds > 0 {
				done.Began = noon.Add(-time.Duration(seconds * float64(time.Second)))
			}
			o.handle(t, done, nil, nil)
		}
	}
	work(100, 0) // nobody says
	work(7, 8)
	if o.told != nil {
		t.Errorf("told %v by a few", o.told)
	}
	work(100, 8)
	work(100, 9)
	if d := cmp.Diff([]autoscale.Hint{{Service: map[string]float64{"encode": 8}}}, o.told); d != "" {
		t.Error(d)
	}
	work(200, 16)
	last := o.told[len(o.told)-1].Service["encode"]
	if n := len(o.told); n < 2 || n > 5 || last < 12 || last > 16 {
		t.Errorf("told %v", o.told)
	}
}
