package traceview

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// segment is a segment document of X-Ray, or a subsegment
// (https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html).
type segment struct {
	TraceID     string         `json:"trace_id"`
	ID          string         `json:"id"`
	ParentID    string         `json:"parent_id"`
	Type        string         `json:"type"`
	Origin      string         `json:"origin"`
	Name        string         `json:"name"`
	Start       float64        `json:"start_time"` // seconds since 1970
	End         float64        `json:"end_time"`
	InProgress  bool           `json:"in_progress"`
	Fault       bool           `json:"fault"`
	Error       bool           `json:"error"`
	Throttle    bool           `json:"throttle"`
	Annotations map[string]any `json:"annotations"`
	Metadata    struct {
		Default map[string]any `json:"default"`
	} `json:"metadata"`
	AWS         map[string]any `json:"aws"`
	Subsegments []*segment     `json:"subsegments"`

	parent   *segment
	children []*segment
}

func (s *segment) annotation(key string) string { text, _ := s.Annotations[key].(string); return text }
func (s *segment) metadataText(key string) string {
	text, _ := s.Metadata.Default[key].(string)
	return text
}
func (s *segment) metadataNumber(key string) float64 {
	x, _ := s.Metadata.Default[key].(float64)
	return x
}

// hasEnded reports whether the segment has an end.
func (s *segment) hasEnded() bool { return !s.InProgress && s.End > 0 }

// segmentIndex has all known segments, by trace and id.
type segmentIndex map[string]*segment

// parseDocuments returns the segments of documents in any order. It ignores invalid documents.
func parseDocuments(documents []string) segmentIndex {
	index := segmentIndex{}
	for _, text := range documents {
		s := new(segment)
		if json.Unmarshal([]byte(text), s) == nil && s.ID != "" {
			index.addSegment(s)
		}
	}
	index.linkParents()
	return index
}

// addSegment adds a segment and its embedded subsegments. A segment in progress does not replace the same one that has
// ended.
func (x segmentIndex) addSegment(s *segment) {
	key := s.TraceID + s.ID
	if old := x[key]; old == nil || !old.hasEnded() || s.hasEnded() {
		x[key] = s
	}
	for _, child := range s.Subsegments {
		// The SDK writes the id of the segment into parent_id; the enclosing subsegment is the parent.
		child.TraceID, child.ParentID, child.Type = s.TraceID, s.ID, "subsegment"
		x.addSegment(child)
	}
}

// linkParents sets parents and children. Segments have no parent, even if that of their sender is known; only
// subsegments have.
func (x segmentIndex) linkParents() {
	for _, s := range slices.Collect(maps.Values(x)) {
		if s.Type != "subsegment" {
			continue
		}
		parent := x[s.TraceID+s.ParentID]
		if parent == nil && s.annotation(annotationService) != "" && s.Name != s.annotation(annotationService) {
			parent = x.addPlaceholder(s)
		}
		if parent != nil && parent != s {
			s.parent, parent.children = parent, append(parent.children, s)
		}
	}
	for _, s := range x {
		slices.SortFunc(s.children, compareStart)
		if s.End == 0 && s.Start == 0 && s.children != nil { // a placeholder
			s.Start = s.children[0].Start
		}
	}
}

// addPlaceholder adds a segment for a span that was not sent, because it still runs or its function was stopped,
// although one of its steps was sent. It has the annotations of the step.
func (x segmentIndex) addPlaceholder(step *segment) *segment {
	s := &segment{
		TraceID: step.TraceID, ID: step.ParentID, Name: step.annotation(annotationService), InProgress: true,
		Annotations: step.Annotations, Metadata: step.Metadata,
	}
	x[s.TraceID+s.ID] = s
	return s
}

// listSpans returns the segments that are spans of Sluice, by start time.
func (x segmentIndex) listSpans() (spans []*segment) {
	for _, s := range x {
		if s.annotation(annotationService) != "" && s.annotation(annotationService) == s.Name {
			spans = append(spans, s)
		}
	}
	slices.SortFunc(spans, compareStart)
	return spans
}

func compareStart(a, b *segment) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.TraceID, b.TraceID), cmp.Compare(a.ID, b.ID))
}
