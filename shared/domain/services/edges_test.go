package services

import (
	"slices"
	"testing"
)

// Every event that a service sends, and everything that invokes it, is an edge of the map.
func TestEdgesCoverMap(t *testing.T) {
	t.Parallel()
	has := func(from, to, event string) bool {
		return slices.ContainsFunc(ListEdges(), func(e Edge) bool {
			return e.From == from && e.To == to && (event == "" && e.Types == nil || slices.Contains(e.Types, event))
		})
	}
	for _, s := range Map {
		for _, event := range s.Emits {
			if !has(s.Name, FindDestination(event), event) {
				t.Errorf("%s: no edge for %s", s.Name, event)
			}
		}
		if got := has(Gateway, s.Name, ""); got != (len(s.Routes) > 0) {
			t.Errorf("the gateway calls %s: %v", s.Name, got)
		}
		if got := has(Schedule, s.Name, ""); got != (s.Interval > 0) {
			t.Errorf("the clock calls %s: %v", s.Name, got)
		}
	}
	if !has(S3, "inspect", objectCreated) {
		t.Error("no edge from S3 to inspect")
	}
	for i, e := range ListEdges() {
		if e.From == e.To || slices.ContainsFunc(ListEdges()[:i], func(b Edge) bool {
			return b.From == e.From && b.To == e.To
		}) {
			t.Errorf("%v is repeated, or leads to its start", e)
		}
	}
}
