package services_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

func TestEmittedTypesHaveConsumers(t *testing.T) {
	for _, s := range services.Map {
		for _, typ := range s.Emits {
			if services.FindDestination(typ) == "" {
				t.Errorf("%s emits %s, which has no consumer", s.Name, typ)
			}
			if services.FindDestination(typ) == s.Name {
				t.Errorf(
					"%s sends %s to its own queue: Lambda's recursion detection stops it after 16 invocations", s.Name,
					typ,
				)
			}
		}
	}
}

func TestConsumedTypesHaveSenders(t *testing.T) {
	sent := map[string]bool{"s3.object-created.v1": true} // by S3
	for _, c := range services.ListCommands() {
		sent[c.Type] = true // by producers
	}
	for _, s := range services.Map {
		for _, typ := range s.Emits {
			sent[typ] = true
		}
	}
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		for _, typ := range s.Inbox.EventTypes {
			if !sent[typ] {
				t.Errorf("%s consumes %s, which has no sender", s.Name, typ)
			}
		}
	}
}

func TestSubscribedTypesAreFacts(t *testing.T) {
	t.Parallel()
	in := services.Inbox{EventTypes: []string{"video.ready.v1", "sweep.done.v1", "video.failed.v1"}}
	if got, want := in.SubscribedTypes(), []string{"video.ready.v1", "video.failed.v1"}; !slices.Equal(got, want) {
		t.Errorf("subscribed to %v, want %v", got, want)
	}
}

func TestServicesStayWithinAWSLimits(t *testing.T) {
	for _, s := range services.Map {
		if s.Memory > 3008 {
			t.Errorf("%s: %d MiB, more than a new account allows", s.Name, s.Memory)
		}
		if len(s.Routes) > 0 && s.Timeout > 29*time.Second {
			t.Errorf("%s: %v, longer than the gateway waits", s.Name, s.Timeout)
		}
		longest, attempts := 3*time.Minute, 5
		if s.Name == "remux" { // it is begun again from the start
			longest, attempts = services.MaxRemuxTime, 3
		}
		if s.Inbox != nil && (s.Timeout > longest || s.Inbox.MaxAttempts < attempts) {
			t.Errorf("%s: timeout %v, attempts %d", s.Name, s.Timeout, s.Inbox.MaxAttempts)
		}
		if s.Inbox != nil && s.Inbox.MaxWait < 10*time.Second {
			t.Errorf("%s: a message may wait %v, less than Lambda takes to look for it", s.Name, s.Inbox.MaxWait)
		}
		if s.Inbox != nil && s.Inbox.FIFO && s.Inbox.BatchSize > 10 {
			t.Errorf("%s: a FIFO queue gives at most 10 messages a batch", s.Name)
		}
		if s.Inbox != nil && s.Inbox.FIFO && s.Inbox.SubscribedTypes() != nil {
			t.Errorf("%s: the topic feeds no FIFO queue", s.Name)
		}
	}
}

func TestServicesMatchFunctionFolders(t *testing.T) {
	dirs, err := os.ReadDir("../../../functions")
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

func TestDestinations(t *testing.T) {
	publish, ok := services.Lookup("publish")
	if want := []string{"fetch", "inspect", "remux", "encode", "purge", services.Topic}; !ok ||
		!slices.Equal(publish.Destinations(), want) {
		t.Errorf("publish sends to %v, want %v", publish.Destinations(), want)
	}
	if _, ok := services.Lookup("nobody"); ok {
		t.Error("found a service that is not there")
	}
}

func TestQueuesHaveScalingTargets(t *testing.T) {
	t.Parallel()
	lanes := map[string]video.Lane{}
	for _, q := range services.ListQueues() {
		if lanes[q.Name] = q.Lane.Name; q.Lane.TargetWait <= 0 || q.Lane.MaxWait < q.Lane.TargetWait ||
			q.Lane.Weight <= 0 || q.Inbox.ServiceTime <= 0 {
			t.Errorf("%s: a setting for the scaling law is missing: %+v", q.Name, q)
		}
	}
	if lanes["encode"] != video.Interactive || lanes["encode-bulk"] != video.Bulk {
		t.Errorf("queues %v", lanes)
	}
	if got := services.MinConcurrency(); got != 2*len(lanes) {
		t.Errorf("the least concurrency of %v is %d", lanes, got)
	}
}

func TestInboxWithoutLanesHasOneQueue(t *testing.T) {
	t.Parallel()
	if all := (services.Service{Name: "receiver", Inbox: &services.Inbox{}}).Queues(); len(all) != 1 ||
		all[0].Name != "receiver" {
		t.Errorf("queues %+v", all)
	}
	if all := (services.Service{Name: "scheduled"}).Queues(); all != nil {
		t.Errorf("without an inbox: queues %+v", all)
	}
}

func TestQueueForEvent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ  string
		lane video.Lane
		want string
	}{
		{"encode.requested.v1", "", "encode"},
		{"encode.requested.v1", video.Interactive, "encode"},
		{"encode.requested.v1", video.Bulk, "encode-bulk"},
		{"encode.requested.v1", "unknown", "encode"},
		{"sweep.requested.v1", video.Interactive, "purge"},
		{"video.ready.v1", video.Bulk, ""},
		{"nothing.of.ours.v1", "", ""},
	} {
		if q, ok := services.QueueForEvent(tt.typ, tt.lane); q.Name != tt.want || ok != (tt.want != "") {
			t.Errorf("%s in lane %q goes to %q, not %q", tt.typ, tt.lane, q.Name, tt.want)
		}
	}
}

func TestMaxWorkersLeaveMinimumForOthers(t *testing.T) {
	t.Parallel()
	s, _ := services.Lookup("encode")
	others := 2 * (len(services.ListQueues()) - 2)
	for _, tt := range []struct{ concurrency, want int }{
		{services.MinConcurrency(), 4}, {100 + others, 100}, {5000, 2000},
	} {
		if got := s.WorkerLimit(tt.concurrency); got != tt.want {
			t.Errorf("of %d: %d workers, not %d", tt.concurrency, got, tt.want)
		}
	}
}

func TestPermissionsAreDefined(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		for _, p := range s.Permissions {
			if _, ok := p.IAMActions(); !ok {
				t.Errorf("%s has the permission %s on %s, which is not defined", s.Name, p.Action, p.Resource)
			}
		}
	}
	if _, ok := (services.Permission{Action: services.QueryIndex, Resource: services.Table}).IAMActions(); ok {
		t.Error("an action of another resource is defined for the table")
	}
}
