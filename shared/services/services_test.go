package services_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"sluice/shared/services"
)

func TestWhatIsSentIsTaken(t *testing.T) {
	for _, s := range services.Map {
		for _, typ := range s.Emits {
			if services.To(typ) == "" {
				t.Errorf("%s emits %s, which nobody takes", s.Name, typ)
			}
			if services.To(typ) == s.Name {
				t.Errorf("%s sends %s to its own inbox: Lambda stops such a chain at its 16th lap", s.Name, typ)
			}
		}
	}
}

func TestWhatIsTakenIsSent(t *testing.T) {
	sent := map[string]bool{"s3.object-created.v1": true, "upload.requested.v1": true} // by S3, and by producers
	for _, s := range services.Map {
		for _, typ := range s.Emits {
			sent[typ] = true
		}
	}
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		for _, typ := range s.Inbox.Takes {
			if !sent[typ] {
				t.Errorf("%s takes %s, which nobody sends", s.Name, typ)
			}
		}
	}
}

func TestHears(t *testing.T) {
	t.Parallel()
	in := services.Inbox{Takes: []string{"video.ready.v1", "sweep.done.v1", "video.failed.v1"}}
	if got, want := in.Hears(), []string{"video.ready.v1", "video.failed.v1"}; !slices.Equal(got, want) {
		t.Errorf("hears %v, want %v", got, want)
	}
}

func TestLimits(t *testing.T) {
	for _, s := range services.Map {
		if s.Memory > 3008 {
			t.Errorf("%s: %d MiB, more than a fresh account allows", s.Name, s.Memory)
		}
		if len(s.Routes) > 0 && s.Timeout > 29*time.Second {
			t.Errorf("%s: %v, longer than the gateway waits", s.Name, s.Timeout)
		}
		if s.Inbox != nil && (s.Timeout > 3*time.Minute || s.Inbox.Attempts < 5) {
			t.Errorf("%s: timeout %v, attempts %d", s.Name, s.Timeout, s.Inbox.Attempts)
		}
		if s.Inbox != nil && s.Inbox.Promise < 10*time.Second {
			t.Errorf("%s: a message may wait %v, less than Lambda takes to look for it", s.Name, s.Inbox.Promise)
		}
		if s.Inbox != nil && s.Inbox.FIFO && s.Inbox.Batch > 10 {
			t.Errorf("%s: a FIFO queue gives at most 10 messages a batch", s.Name)
		}
		if s.Inbox != nil && s.Inbox.FIFO && s.Inbox.Hears() != nil {
			t.Errorf("%s: the topic feeds no FIFO queue", s.Name)
		}
	}
}

func TestEveryServiceHasAFolderAndEveryFolderAService(t *testing.T) {
	dirs, err := os.ReadDir("../../functions")
	if err != nil {
		t.Fatal(err)
	}
	var folders, names []string
	for _, d := range dirs {
		if d.IsDir() {
			folders = append(folders, d.Name())
		}
	}
	for _, s := range services.Map {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	if !slices.Equal(folders, names) {
		t.Errorf("folders %v, services %v", folders, names)
	}
}

func TestSends(t *testing.T) {
	publish, ok := services.Lookup("publish")
	if want := []string{"fetch", "inspect", "encode", "sweep", services.Topic}; !ok || !slices.Equal(publish.Sends(), want) {
		t.Errorf("publish sends to %v, want %v", publish.Sends(), want)
	}
	if _, ok := services.Lookup("nobody"); ok {
		t.Error("found a service that is not there")
	}
}

func TestWorkers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		takes       services.Inbox
		concurrency int
		want        int
	}{
		{"the map says less than the deployment", services.Inbox{MaxWorkers: 5}, 10, 5},
		{"the deployment says less than the map", services.Inbox{MaxWorkers: 1000}, 10, 10},
		{"only the deployment says", services.Inbox{}, 10, 10},
		{"the deployment says more than there is", services.Inbox{}, 3000, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.takes.Workers(tt.concurrency); got != tt.want {
				t.Errorf("%d workers, not %d", got, tt.want)
			}
		})
	}
}
