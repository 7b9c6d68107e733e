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

func (n *segment) annotation(key string) string   { s, _ := n.Annotations[key].(string); return s }
func (n *segment) metadataText(key string) string { s, _ := n.Metadata.Default[key].(string); return s }
func (n *segment) metadataNumber(key string) float64 {
	x, _ := n.Metadata.Default[key].(float64)
	return x
}

// hasEnded reports whether the segment has an end.
func (n *segment) hasEnded() bool { return !n.InProgress && n.End > 0 }

// segmentIndex has all known segments, by trace and id.
type segmentIndex map[string]*segment

// parseDocuments returns the segments of documents in any order. It ignores invalid documents.
func parseDocuments(documents []string) segmentIndex {
	f := segmentIndex{}
	for _, text := range documents {
		n := new(segment)
		if json.Unmarshal([]byte(text), n) == nil && n.ID != "" {
			f.addSegment(n)
		}
	}
	f.linkParents()
	return f
}

// addSegment adds a segment and its embedded subsegments. A segment in progress does not replace the same one that has
// ended.
func (f segmentIndex) addSegment(n *segment) {
	key := n.TraceID + n.ID
	if old := f[key]; old == nil || !old.hasEnded() || n.hasEnded() {
		f[key] = n
	}
	for _, c := range n.Subsegments {
		// The SDK writes the id of the segment into parent_id; the enclosing subsegment is the parent.
		c.TraceID, c.ParentID, c.Type = n.TraceID, n.ID, "subsegment"
		f.addSegment(c)
	}
}

// linkParents sets parents and children. Segments have no parent, even if that of their sender is known; only
// subsegments have.
func (f segmentIndex) linkParents() {
	for _, n := range slices.Collect(maps.Values(f)) {
		if n.Type != "subsegment" {
			continue
		}
		parent := f[n.TraceID+n.ParentID]
		if parent == nil && n.annotation(annotationService) != "" && n.Name != n.annotation(annotationService) {
			parent = f.addPlaceholder(n)
		}
		if parent != nil && parent != n {
			n.parent, parent.children = parent, append(parent.children, n)
		}
	}
	for _, n := range f {
		slices.SortFunc(n.children, compareStart)
		if n.End == 0 && n.Start == 0 && n.children != nil { // a placeholder
			n.Start = n.children[0].Start
		}
	}
}

// addPlaceholder adds a segment for a span that was not sent, because it still runs or its function was stopped,
// although one of its steps was sent. It has the annotations of the step.
func (f segmentIndex) addPlaceholder(step *segment) *segment {
	n := &segment{
		TraceID: step.TraceID, ID: step.ParentID, Name: step.annotation(annotationService), InProgress: true,
		Annotations: step.Annotations, Metadata: step.Metadata,
	}
	f[n.TraceID+n.ID] = n
	return n
}

// listSpans returns the segments that are spans of Sluice, by start time.
func (f segmentIndex) listSpans() (spans []*segment) {
	for _, n := range f {
		if n.annotation(annotationService) != "" && n.annotation(annotationService) == n.Name {
			spans = append(spans, n)
		}
	}
	slices.SortFunc(spans, compareStart)
	return spans
}

func compareStart(a, b *segment) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.TraceID, b.TraceID), cmp.Compare(a.ID, b.ID))
}
