package autoscale_test

import (
	"testing"
	"time"

	"sluice/shared/domain/services"
	"sluice/shared/platform/autoscale"
)

func TestIdleHandsOutTheBudget(t *testing.T) {
	t.Parallel()
	least := services.LeastConcurrency()
	for _, tt := range []struct {
		name        string
		provisioned autoscale.Provisioned
		budget      int
		all         int // workers in all
		bulk        int // of them for encode-bulk
	}{
		{"a fresh account", nil, 10, least, 2},
		{"the least", nil, least, least, 2},
		{"a hundred", nil, 100, 100, 36},
		{"pollers are counted in tens", autoscale.Provisioned{"encode-bulk"}, 100, 100, 40},
		{"the least with pollers", autoscale.Provisioned{"encode-bulk"}, least + 18, least + 18, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := 0
			for _, c := range tt.provisioned.Idle(tt.budget) {
				if all += c.Workers; c.Name == "encode-bulk" && c.Workers != tt.bulk {
					t.Errorf("%s has %d", c.Name, c.Workers)
				}
			}
			if all != tt.all {
				t.Errorf("%d in all, want %d", all, tt.all)
			}
		})
	}
	if got, want := (autoscale.Provisioned{"encode", "encode-bulk"}).Least(), services.LeastConcurrency()+36; got != want {
		t.Errorf("the least with two is %d, not %d", got, want)
	}
}

func TestPollersAreSetWhereTheyAreProvisioned(t *testing.T) {
	t.Parallel()
	w := newWorld(100)
	w.Provisioned = autoscale.Provisioned{"encode"}
	for _, c := range w.Idle(100) {
		w.ceilings[c.Name] = c.Workers
	}
	w.waiting["encode"] = 500
	for range 6 {
		w.decide(t, 10*time.Second, none)
	}
	if n := w.ceilings["encode"]; n < 40 || n%10 != 0 || w.pollers == 0 {
		t.Errorf("%d workers, by %d calls", n, w.pollers)
	}
	if share, _ := w.state(t).Of("encode"); share.Workers != w.ceilings["encode"] {
		t.Errorf("%d are kept, and there are %d", share.Workers, w.ceilings["encode"])
	}
}
