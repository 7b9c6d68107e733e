package services_test

import (
	"slices"
	"testing"

	"sluice/shared/domain/services"
)

func TestInFlightLimitGrowsWithWorkers(t *testing.T) {
	t.Parallel()
	for workers, want := range map[int]int{1: 4, 2: 4, 3: 6, 1000: 2000} {
		if got := services.ComputeInFlightLimit(workers); got != want {
			t.Errorf("%d tasks for %d workers, want %d", got, workers, want)
		}
	}
}

// Only publish and encode send messages to each other for every task of a plan.
func TestOnlyFairShareServicesAllowRecursion(t *testing.T) {
	t.Parallel()
	var recursive []string
	for _, s := range services.Map {
		if s.AllowsRecursion() {
			recursive = append(recursive, s.Name)
		}
	}
	if want := []string{"encode", "publish"}; !slices.Equal(recursive, want) {
		t.Errorf("services that allow recursion: %v, want %v", recursive, want)
	}
}

func TestSendersToFairShareQueueNeedInFlightLimit(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		if got, want := slices.Contains(s.RequiredEnv(), services.EnvInFlightLimit), s.Name == "publish"; got != want {
			t.Errorf("%s: %t, want %t", s.Name, got, want)
		}
		if s.Inbox != nil && s.Inbox.FIFO && s.Inbox.FairShare {
			t.Errorf("%s: a group is a video or a tenant", s.Name)
		}
	}
}
