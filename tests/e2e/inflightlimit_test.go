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
	d := openDeployment(t)
	crowd := fmt.Sprint("crowd-", time.Now().UnixNano())
	d.fillInFlightLimit(t, crowd, d.readInFlightLimit(t)-1)
	waited := make(chan bool)
	go func() { waited <- d.watchWaitQueue(t, crowd) }()
	var all sync.WaitGroup
	for _, tenant := range []string{crowd, crowd, crowd, "alone"} {
		c := d.newTenantClient(t, tenant)
		all.Go(func() {
			if v := uploadUntilFinal(t, c, d.footagePath("bikes.mp4")); v.State != client.Ready {
				t.Errorf("%s: %s %v", tenant, v.State, v.Error)
			}
		})
	}
	if !<-waited {
		t.Error("none waited for its turn")
	}
	all.Wait()
	d.waitUntilIdle(t)
	left, err := d.newStore(t).LoadInFlightLimit(t.Context(), crowd, video.Interactive)
	if err != nil || left.MoreWaiting || left.CountInFlight() != d.readInFlightLimit(t)-1 {
		t.Errorf("left is %+v, %v", left, err)
	}
	line, err := d.newStore(t).ListQueuePositions(t.Context(), crowd, video.Interactive, fairshare.QueuePosition{}, 9)
	if err != nil || len(line) > 0 {
		t.Errorf("in the line is left %v, %v", line, err)
	}
}

// readInFlightLimit returns how many tasks of a tenant may be in flight.
func (d deployment) readInFlightLimit(t *testing.T) int {
	t.Helper()
	var f struct {
		Environment struct{ Variables map[string]string }
	}
	d.callLambda(t, http.MethodGet, "functions/sluice-publish/configuration", nil, &f)
	n, err := strconv.Atoi(f.Environment.Variables[services.EnvInFlightLimit])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// fillInFlightLimit stores n tasks in flight, which never end, for a tenant without any.
func (d deployment) fillInFlightLimit(t *testing.T, tenant string, n int) {
	t.Helper()
	now := time.Now().UTC()
	a := fairshare.Allotment{
		QueuePosition: fairshare.QueuePosition{Planned: now, Video: "vid_stuck"}, NextTask: n, EndTask: n,
		LeaseStart: now, InFlight: map[int]string{},
	}
	for i := range n {
		a.InFlight[i] = "test"
	}
	if err := d.newStore(t).SaveInFlightLimit(
		t.Context(),
		fairshare.InFlightLimit{
			Tenant: tenant, Lane: video.Interactive, Version: 1, Allotments: []fairshare.Allotment{a},
		},
	); err != nil {
		t.Fatal(err)
	}
}

// watchWaitQueue polls a tenant's wait queue until a video waits in it, and reports whether one did. Until then the
// tenant must not exceed its in-flight limit.
func (d deployment) watchWaitQueue(t *testing.T, tenant string) bool {
	most := d.readInFlightLimit(t)
	for end := time.Now().Add(waitLimit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		line, err := d.newStore(t).ListQueuePositions(
			t.Context(), tenant, video.Interactive, fairshare.QueuePosition{}, 9,
		)
		if err != nil {
			t.Error(err)
			return false
		}
		now, err := d.newStore(t).LoadInFlightLimit(t.Context(), tenant, video.Interactive)
		if err != nil || now.CountInFlight() > most {
			t.Errorf("%d in flight, %v", now.CountInFlight(), err)
		}
		if len(line) > 0 {
			return true
		}
	}
	return false
}
