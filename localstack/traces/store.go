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

// defaultMaxBytes is how many bytes of documents are kept. Beyond it the oldest traces are dropped; X-Ray drops traces
// after 30 days.
const defaultMaxBytes = 512 << 20

// trace is the documents of one trace.
type trace struct {
	id          string
	start       time.Time // from its id
	updated     time.Time // the latest end, or start, of its documents
	documents   []segment
	annotations map[[2]string]bool // of all documents: key and value
	bytes       int
}

// segment is one document, in the format of BatchGetTraces.
type segment struct {
	ID       string `json:"Id"`
	Document string
}

// store holds traces by their ids.
type store struct {
	mu       sync.Mutex
	traces   map[string]*trace
	order    []string // ids, in order of arrival
	bytes    int
	maxBytes int
}

func newStore() *store { return &store{traces: map[string]*trace{}, maxBytes: defaultMaxBytes} }

// loadFile adds the documents of a file, one a line, if the file exists. The last line may be incomplete.
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

// segmentFields are the fields of a segment or subsegment that the store needs.
type segmentFields struct {
	Trace       string          `json:"trace_id"`
	ID          string          `json:"id"`
	Start       float64         `json:"start_time"` // seconds since 1970
	End         float64         `json:"end_time"`
	Annotations map[string]any  `json:"annotations"`
	Subsegments []segmentFields `json:"subsegments"`
}

// addDocument adds a document and reports whether it is a valid one.
func (s *store) addDocument(doc []byte) bool {
	var p segmentFields
	if json.Unmarshal(doc, &p) != nil {
		return false
	}
	began, ok := parseStart(p.Trace)
	if !ok || p.ID == "" {
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
	for s.bytes > s.maxBytes && len(s.order) > 1 { // drop the oldest traces until the rest fits
		s.bytes -= s.traces[s.order[0]].bytes
		delete(s.traces, s.order[0])
		s.order = s.order[1:]
	}
	return true
}

// addAnnotations adds the annotations with string values of a segment and its subsegments.
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

// parseStart returns the start of a trace from its id: 1-, the time in seconds since 1970 and 96 bits, in hexadecimal
// digits.
func parseStart(id string) (time.Time, bool) {
	parts := strings.Split(id, "-")
	if len(parts) != 3 || parts[0] != "1" || len(parts[1]) != 8 || len(parts[2]) != 24 {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(parts[1], 16, 64)
	return time.Unix(seconds, 0), err == nil
}

// findTraces returns the ids of the traces in a time range, both ends included, that have one of the annotations, the
// latest first. at returns the time of a trace.
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
