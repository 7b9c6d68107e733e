package client_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"sluice/tests/client"
	"sluice/tests/client/fake"
)

func TestRetryDelaysDoubleWithJitter(t *testing.T) {
	t.Parallel()
	a := fake.New(t)
	a.Intercept = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	var pauses []time.Duration
	c := client.New(a.URL, fake.Token)
	c.Sleep = func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}
	if _, err := c.GetVideo(t.Context(), "vid_1"); err == nil {
		t.Fatal("no error")
	}
	if len(pauses) != 5 {
		t.Fatalf("%d pauses, want 5", len(pauses))
	}
	for n, got := range pauses {
		longest := 200 * time.Millisecond << n
		if got > longest || got <= longest/2 {
			t.Errorf("pause %d is %v, want more than half of %v and no more", n, got, longest)
		}
	}
}

func TestSleepReturnsWhenContextIsCancelled(t *testing.T) {
	t.Parallel()
	c := client.New("", "")
	if err := c.Sleep(t.Context(), time.Nanosecond); err != nil {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Sleep(ctx, time.Hour); err == nil {
		t.Error("slept for an hour")
	}
}
