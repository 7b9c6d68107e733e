//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/tests/client"
)

// TestTenantsShareEncodeQueueFairly fills the in-flight limit of a tenant up to one task. Its tasks must then be sent
// one at a time and its videos wait for each other, while another tenant's video does not wait.
func TestTenantsShareEncodeQueueFairly(t *testing.T) {
	t.Parallel()
	w := openDeployment(t)
	crowd := fmt.Sprint("crowd-", time.Now().UnixNano())
	w.fillInFlightLimit(t, crowd, w.readInFlightLimit(t)-1)
	waited := make(chan bool)
	go func() { waited <- w.watchWaitQueue(t, crowd) }()
	var all sync.WaitGroup
	for _, tenant := range []string{crowd, crowd, crowd, "alone"} {
		c := w.newTenantClient(t, tenant)
		all.Go(func() {
			if v := uploadUntilFinal(t, c, w.footagePath("bikes.mp4")); v.State != client.Ready {
				t.Errorf("%s: %s %v", tenant, v.State, v.Error)
			}
		})
	}
	if !<-waited {
		t.Error("none waited for its turn")
	}
	all.Wait()
	w.waitUntilIdle(t)
	left, err := w.newStore(t).LoadInFlightLimit(t.Context(), crowd, video.Interactive)
	if err != nil || left.MoreWaiting || left.CountInFlight() != w.readInFlightLimit(t)-1 {
		t.Errorf("left is %+v, %v", left, err)
	}
	line, err := w.newStore(t).ListQueuePositions(t.Context(), crowd, video.Interactive, fairshare.QueuePosition{}, 9)
	if err != nil || len(line) > 0 {
		t.Errorf("in the line is left %v, %v", line, err)
	}
}

// readInFlightLimit returns how many tasks of a tenant may be in flight.
func (w deployment) readInFlightLimit(t *testing.T) int {
	t.Helper()
	var f struct {
		Environment struct{ Variables map[string]string }
	}
	w.callLambda(t, http.MethodGet, "functions/sluice-publish/configuration", nil, &f)
	n, err := strconv.Atoi(f.Environment.Variables[services.EnvInFlightLimit])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// fillInFlightLimit stores n tasks in flight, which never end, for a tenant without any.
func (w deployment) fillInFlightLimit(t *testing.T, tenant string, n int) {
	t.Helper()
	now := time.Now().UTC()
	s := fairshare.Allotment{
		QueuePosition: fairshare.QueuePosition{Planned: now, Video: "vid_stuck"}, NextTask: n, EndTask: n,
		LeaseStart: now, InFlight: map[int]string{},
	}
	for i := range n {
		s.InFlight[i] = "test"
	}
	if err := w.newStore(t).SaveInFlightLimit(
		t.Context(),
		fairshare.InFlightLimit{
			Tenant: tenant, Lane: video.Interactive, Version: 1, Allotments: []fairshare.Allotment{s},
		},
	); err != nil {
		t.Fatal(err)
	}
}

// watchWaitQueue polls a tenant's wait queue until a video waits in it, and reports whether one did. Until then the
// tenant must not exceed its in-flight limit.
func (w deployment) watchWaitQueue(t *testing.T, tenant string) bool {
	most := w.readInFlightLimit(t)
	for end := time.Now().Add(waitLimit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		line, err := w.newStore(t).ListQueuePositions(
			t.Context(), tenant, video.Interactive, fairshare.QueuePosition{}, 9,
		)
		if err != nil {
			t.Error(err)
			return false
		}
		now, err := w.newStore(t).LoadInFlightLimit(t.Context(), tenant, video.Interactive)
		if err != nil || now.CountInFlight() > most {
			t.Errorf("%d in flight, %v", now.CountInFlight(), err)
		}
		if len(line) > 0 {
			return true
		}
	}
	return false
}
