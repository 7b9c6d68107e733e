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

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func TestRecorderReadsTheMap(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Files = map[string]string{"/v1/map": `{"services":[
		{"name":"api","queues":[{"name":"api","waiting":0,"in_flight":0}]},
		{"name":"encode","queues":[{"name":"encode","lane":"interactive","waiting":3,"in_flight":2,"ceiling":6},{"name":"encode-bulk","lane":"bulk"}]}]}`}
	r := &recorder{get: client.New(a.URL, fake.Token).Map, now: func() time.Time { return at(1.5) }, began: noon}
	r.look(t.Context())
	six := 6
	want := []Queue{{Queue: "encode", Lane: "interactive", Samples: []Sample{{At: 1.5, Waiting: 3, InFlight: 2, Ceiling: &six}}}}
	if diff := cmp.Diff(want, r.series()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// scripted is a map that says one depth after the other, and fails at those below zero.
func scripted(depths ...int) (*recorder, func(context.Context)) {
	n := 0
	r := &recorder{began: noon, now: func() time.Time { return at(float64(n)) }}
	r.get = func(context.Context) (client.Map, error) {
		depth, none := depths[n], 0
		n++
		if depth < 0 {
			return client.Map{}, errors.New("no answer")
		}
		return client.Map{Services: []client.Service{{Queues: []client.Queue{{Name: "encode", Waiting: &depth, InFlight: &none}}}}}, nil
	}
	return r, func(ctx context.Context) {
		for range depths {
			r.look(ctx)
		}
	}
}

func TestRecorderCountsWhatItMissed(t *testing.T) {
	t.Parallel()
	r, look := scripted(1, -1, 2, -1)
	look(t.Context())
	if got := r.series(); r.missed != 2 || len(got) != 1 || len(got[0].Samples) != 2 || got[0].last().At != 3 {
		t.Errorf("missed %d, saw %+v", r.missed, got)
	}
}

func TestCalm(t *testing.T) {
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
			r, look := scripted(tt.depths...)
			look(t.Context())
			if got := r.calm(3, tt.after); got != tt.want {
				t.Errorf("calm is %v", got)
			}
		})
	}
}

func TestRecorderEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := &recorder{now: time.Now}
	r.get = func(context.Context) (client.Map, error) {
		cancel()
		return client.Map{}, context.Canceled
	}
	r.run(ctx, time.Hour)
	if r.missed != 0 {
		t.Error("the end counts as missed")
	}
}
