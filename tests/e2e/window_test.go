//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/tests/client"
)

// TestTenantsShareTheQueue: of a tenant that has room for one task alone, tasks are asked for one at a time, and its
// videos wait for each other; another tenant's do not wait.
func TestTenantsShareTheQueue(t *testing.T) {
	t.Parallel()
	w := open(t)
	crowd := fmt.Sprint("crowd-", time.Now().UnixNano())
	w.occupy(t, crowd, w.window(t)-1)
	waited := make(chan bool)
	go func() { waited <- w.somebodyWaits(t, crowd) }()
	var all sync.WaitGroup
	for _, tenant := range []string{crowd, crowd, crowd, "alone"} {
		c := w.tenant(t, tenant)
		all.Go(func() {
			if v := ended(t, c, w.footage("bikes.mp4")); v.State != client.Ready {
				t.Errorf("%s: %s %v", tenant, v.State, v.Error)
			}
		})
	}
	if !<-waited {
		t.Error("none waited for its turn")
	}
	all.Wait()
	w.idle(t)
	left, err := w.rows(t).Window(t.Context(), crowd, video.Interactive)
	if err != nil || left.More || left.InFlight() != w.window(t)-1 {
		t.Errorf("left is %+v, %v", left, err)
	}
	line, err := w.rows(t).Waiting(t.Context(), crowd, video.Interactive, video.Turn{}, 9)
	if err != nil || len(line) > 0 {
		t.Errorf("in the line is left %v, %v", line, err)
	}
}

// window returns how many tasks of a tenant may be in flight.
func (w world) window(t *testing.T) int {
	t.Helper()
	var f struct {
		Environment struct{ Variables map[string]string }
	}
	w.lambda(t, http.MethodGet, "functions/sluice-publish/configuration", nil, &f)
	n, err := strconv.Atoi(f.Environment.Variables[services.EnvWindow])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// occupy fills the window of a tenant that has none yet with tasks that nobody does.
func (w world) occupy(t *testing.T, tenant string, n int) {
	t.Helper()
	now := time.Now().UTC()
	s := video.Share{Turn: video.Turn{Planned: now, Video: "vid_stuck"}, Next: n, End: n, Since: now, Flight: map[int]string{}}
	for i := range n {
		s.Flight[i] = "test"
	}
	if err := w.rows(t).SaveWindow(t.Context(), video.Window{Tenant: tenant, Lane: video.Interactive, Version: 1, Shares: []video.Share{s}}); err != nil {
		t.Fatal(err)
	}
}

// somebodyWaits looks at a tenant's line, for two minutes at most, and at its window: it never has more than it may.
func (w world) somebodyWaits(t *testing.T, tenant string) bool {
	most := w.window(t)
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		line, err := w.rows(t).Waiting(t.Context(), tenant, video.Interactive, video.Turn{}, 9)
		if err != nil {
			t.Error(err)
			return false
		}
		now, err := w.rows(t).Window(t.Context(), tenant, video.Interactive)
		if err != nil || now.InFlight() > most {
			t.Errorf("%d in flight, %v", now.InFlight(), err)
		}
		if len(line) > 0 {
			return true
		}
	}
	return false
}
