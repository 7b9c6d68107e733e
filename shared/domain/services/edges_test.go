package services

import (
	"slices"
	"testing"
)

// Every event that a service sends, and every door that it has, is a way of the map.
func TestEdges(t *testing.T) {
	t.Parallel()
	has := func(from, to, event string) bool {
		return slices.ContainsFunc(Edges(), func(e Edge) bool {
			return e.From == from && e.To == to && (event == "" && e.Types == nil || slices.Contains(e.Types, event))
		})
	}
	for _, s := range Map {
		for _, event := range s.Emits {
			if !has(s.Name, To(event), event) {
				t.Errorf("%s sends %s to nobody", s.Name, event)
			}
		}
		if got := has(Gateway, s.Name, ""); got != (len(s.Routes) > 0) {
			t.Errorf("the gateway calls %s: %v", s.Name, got)
		}
		if got := has(Clock, s.Name, ""); got != (s.Every > 0) {
			t.Errorf("the clock calls %s: %v", s.Name, got)
		}
	}
	if !has(Store, "inspect", objectCreated) {
		t.Error("nobody hears of originals")
	}
	for i, e := range Edges() {
		if e.From == e.To || slices.ContainsFunc(Edges()[:i], func(b Edge) bool { return b.From == e.From && b.To == e.To }) {
			t.Errorf("%v is there twice, or leads nowhere", e)
		}
	}
}
