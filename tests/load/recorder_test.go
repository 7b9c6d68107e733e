package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func atSecond(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

func TestRecorderSamplesServiceMap(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Files = map[string]string{"/v1/map": `{"services":[
		{"name":"api","queues":[{"name":"api","waiting":0,"in_flight":0}]},
		{"name":"encode","queues":[{"name":"encode","lane":"interactive","waiting":3,"in_flight":2,"ceiling":6},{"name":"encode-bulk","lane":"bulk"}]}]}`}
	r := &queueRecorder{getMap: client.New(a.URL, fake.Token).GetServiceMap, now: func() time.Time {
		return atSecond(1.5)
	}, began: noon}
	r.takeSample(t.Context())
	six := 6
	want := []QueueSeries{{
		Name: "encode", Lane: "interactive", Samples: []Sample{{At: 1.5, Waiting: 3, InFlight: 2, Ceiling: &six}},
	}}
	if diff := cmp.Diff(want, r.activeQueues()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// scriptedRecorder returns a recorder of a map whose queue has the given depths one after the other. A negative depth
// is a failed request. The function takes all samples.
func scriptedRecorder(depths ...int) (*queueRecorder, func(context.Context)) {
	n := 0
	r := &queueRecorder{began: noon, now: func() time.Time { return atSecond(float64(n)) }}
	r.getMap = func(context.Context) (client.ServiceMap, error) {
		depth, none := depths[n], 0
		n++
		if depth < 0 {
			return client.ServiceMap{}, errors.New("no answer")
		}
		return client.ServiceMap{
			Services: []client.Service{{Queues: []client.Queue{{Name: "encode", Waiting: &depth, InFlight: &none}}}},
		}, nil
	}
	return r, func(ctx context.Context) {
		for range depths {
			r.takeSample(ctx)
		}
	}
}

func TestRecorderCountsMissedSamples(t *testing.T) {
	t.Parallel()
	r, look := scriptedRecorder(1, -1, 2, -1)
	look(t.Context())
	if got := r.activeQueues(); r.missedSamples != 2 || len(got) != 1 || len(got[0].Samples) != 2 ||
		got[0].lastSample().At != 3 {
		t.Errorf("missed %d, saw %+v", r.missedSamples, got)
	}
}

func TestRecorderIsIdleAfterConsecutiveEmptySamples(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		depths []int
		after  float64
		want   bool
	}{
		{"empty for three looks", []int{5, 0, 0, 0}, 0, true},
		{"one was not", []int{5, 0, 0, 1, 0, 0}, 0, false},
		{"not looked three times since", []int{5, 0, 0, 0}, 2, false},
		{"nothing ever", []int{0, 0}, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, look := scriptedRecorder(tt.depths...)
			look(t.Context())
			if got := r.isIdle(3, tt.after); got != tt.want {
				t.Errorf("calm is %v", got)
			}
		})
	}
}

func TestRecorderStopsWhenContextIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := &queueRecorder{now: time.Now}
	r.getMap = func(context.Context) (client.ServiceMap, error) {
		cancel()
		return client.ServiceMap{}, context.Canceled
	}
	r.recordUntilDone(ctx, time.Hour)
	if r.missedSamples != 0 {
		t.Error("the end counts as missed")
	}
}
