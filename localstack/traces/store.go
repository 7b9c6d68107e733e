package traces

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// defaultMaxBytes is how many bytes of documents are kept; then the oldest traces go, as X-Ray's do after 30 days.
const defaultMaxBytes = 512 << 20

// trace is all documents of one trace.
type trace struct {
	id          string
	start       time.Time // as its id says
	updated     time.Time // the latest end, or beginning, of what is in it
	documents   []segment
	annotations map[[2]string]bool // annotations of any of them: key and value
	bytes       int
}

// segment is a document, and which.
type segment struct {
	ID       string `json:"Id"`
	Document string
}

// store has the traces by their ids.
type store struct {
	mu       sync.Mutex
	traces   map[string]*trace
	order    []string // ids, the first that came first
	bytes    int
	maxBytes int
}

func newStore() *store { return &store{traces: map[string]*trace{}, maxBytes: defaultMaxBytes} }

// loadFile adds the documents of a file, one a line, if it is there. The last may be half written.
func (s *store) loadFile(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.addDocument(slices.Clone(lines.Bytes()))
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	return nil
}

// segmentFields is what is read of a segment or subsegment.
type segmentFields struct {
	Trace       string          `json:"trace_id"`
	ID          string          `json:"id"`
	Start       float64         `json:"start_time"` // seconds since 1970
	End         float64         `json:"end_time"`
	Annotations map[string]any  `json:"annotations"`
	Subsegments []segmentFields `json:"subsegments"`
}

// addDocument keeps a document, unless it is none.
func (s *store) addDocument(doc []byte) bool {
	var p segmentFields
	if json.Unmarshal(doc, &p) != nil || p.ID == "" {
		return false
	}
	began, ok := parseStart(p.Trace)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.traces[p.Trace]
	if t == nil {
		t = &trace{id: p.Trace, start: began, annotations: map[[2]string]bool{}}
		s.traces[p.Trace] = t
		s.order = append(s.order, p.Trace)
	}
	t.documents = append(t.documents, segment{p.ID, string(doc)})
	t.addAnnotations(p)
	if at := unixTime(max(p.Start, p.End)); at.After(t.updated) {
		t.updated = at
	}
	t.bytes += len(doc)
	s.bytes += len(doc)
	s.evictOldest()
	return true
}

// addAnnotations remembers the annotations that can be searched for.
func (t *trace) addAnnotations(p segmentFields) {
	for key, value := range p.Annotations {
		if text, ok := value.(string); ok {
			t.annotations[[2]string{key, text}] = true
		}
	}
	for _, inner := range p.Subsegments {
		t.addAnnotations(inner)
	}
}

// evictOldest makes room; the last trace stays.
func (s *store) evictOldest() {
	for s.bytes > s.maxBytes && len(s.order) > 1 {
		s.bytes -= s.traces[s.order[0]].bytes
		delete(s.traces, s.order[0])
		s.order = s.order[1:]
	}
}

// parseStart reads when a trace began out of its id: 1-, seconds since 1970 and 96 bits, in hexadecimal digits.
func parseStart(id string) (time.Time, bool) {
	parts := strings.Split(id, "-")
	if len(parts) != 3 || parts[0] != "1" || len(parts[1]) != 8 || len(parts[2]) != 24 {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(parts[1], 16, 64)
	return time.Unix(seconds, 0), err == nil
}

// findTraces returns the ids of the traces of a window, both ends included, that have one of these annotations, the latest first.
// A trace is where at says.
func (s *store) findTraces(from, to time.Time, at func(*trace) time.Time, notes [][2]string) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*trace
	for _, t := range s.traces {
		has := slices.ContainsFunc(notes, func(n [2]string) bool { return t.annotations[n] })
		if has && !at(t).Before(from.Truncate(time.Second)) && !at(t).After(to) {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b *trace) int {
		return cmp.Or(at(b).Compare(at(a)), cmp.Compare(a.id, b.id))
	})
	for _, t := range found {
		ids = append(ids, t.id)
	}
	return ids
}

// getDocuments returns the documents of a trace; false if there is none.
func (s *store) getDocuments(id string) ([]segment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.traces[id]
	if t == nil {
		return nil, false
	}
	return slices.Clone(t.documents), true
}
