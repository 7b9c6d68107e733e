package events_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

func TestEveryDomainEventHasAContract(t *testing.T) {
	have := map[string]bool{}
	for name, d := range samples {
		e := sampleEvent(name)
		b, err := events.Encode(e)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := events.Decode(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Errorf("%s changes when it is encoded and decoded: %s", name, diff)
		}
		have[strings.TrimPrefix(fmt.Sprintf("%T", d), "video.")] = true
	}
	for _, name := range listDomainEvents(t) {
		if !have[name] {
			t.Errorf("video.%s has no sample", name)
		}
	}
}

// listDomainEvents returns the names of the types of package video that have the method event, from its source.
func listDomainEvents(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../shared/domain/video/*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "event" {
				names = append(names, fn.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	if len(names) < 20 {
		t.Fatalf("only %d domain events found", len(names))
	}
	return names
}

// Every type has a sender, and a consumer: the queue of a service, or the topic.
func TestEveryTypeHasSenderAndConsumer(t *testing.T) {
	others := append(events.ListTypes(events.Request), events.ObjectCreated) // not from services
	sent := map[string]bool{}
	known := map[string]bool{}
	for _, typ := range append(events.ListTypes(), events.ObjectCreated) {
		known[string(typ)] = true
		if services.FindDestination(string(typ)) == "" {
			t.Errorf("%s has no consumer", typ)
		}
	}
	for _, typ := range events.ListTypes() {
		if fact := slices.Contains(
			events.ListTypes(events.Fact), typ,
		); fact != (services.FindDestination(string(typ)) == services.Topic) {
			t.Errorf("%s is a fact: %t, but goes to %s", typ, fact, services.FindDestination(string(typ)))
		}
	}
	for _, s := range services.Map {
		for _, typ := range s.Emits {
			sent[typ] = true
		}
		if s.Inbox == nil {
			continue
		}
		for _, typ := range s.Inbox.EventTypes {
			if !known[typ] {
				t.Errorf("%s consumes %s, which has no contract", s.Name, typ)
			}
		}
	}
	for typ := range known {
		if sent[typ] == slices.Contains(others, events.Type(typ)) {
			t.Errorf("%s: sent by a service %v", typ, sent[typ])
		}
	}
	for typ := range sent {
		if !known[typ] {
			t.Errorf("%s is sent and has no contract", typ)
		}
	}
}

func TestEventIDsIdentifyFacts(t *testing.T) {
	of := func(video string, d video.Event) string { return events.New("acme", video, noon, d).ID }
	a := of("vid_1", video.EncodeDone{Result: video.Result{Task: video.Task{Number: 1}}})
	if a != of("vid_1", video.EncodeDone{At: noon.Add(time.Hour), Result: video.Result{Task: video.Task{Number: 1}}}) {
		t.Error("the same fact sent later has another id")
	}
	if a == of("vid_1", video.EncodeDone{Result: video.Result{Task: video.Task{Number: 2}}}) ||
		a == of("vid_2", video.EncodeDone{Result: video.Result{Task: video.Task{Number: 1}}}) {
		t.Error("different facts have the same id")
	}
}

func TestLongestVideoFitsMessage(t *testing.T) {
	b, err := events.Encode(events.New(tenant, id, noon, longestEncodeDone()))
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > events.MaxBytes/2 {
		t.Errorf("the audio of two hours takes %d bytes of %d", len(b), events.MaxBytes)
	}
}
