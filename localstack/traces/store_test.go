package traces

import (
	"fmt"
	"testing"
)

func TestOldestTracesAreEvicted(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.maxBytes = 500
	id := func(n int) string { return fmt.Sprintf("1-6a000000-%024x", n) }
	for n := range 20 {
		if !s.addDocument(fmt.Appendf(nil, `{"trace_id":%q,"id":"a"}`, id(n))) {
			t.Fatalf("%d is not kept", n)
		}
	}
	if _, there := s.getDocuments(id(0)); there || s.bytes > s.maxBytes {
		t.Errorf("the first is there: %v; %d bytes", there, s.bytes)
	}
	if _, there := s.getDocuments(id(19)); !there || len(s.traces) != len(s.order) || len(s.order) < 5 {
		t.Errorf("the last is there: %v; %d traces, %d in order", there, len(s.traces), len(s.order))
	}
}
