package traces

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// node is a segment or subsegment: a document, or a part of one.
type node struct {
	TraceID     string         `json:"trace_id"`
	ID          string         `json:"id"`
	ParentID    string         `json:"parent_id"`
	Type        string         `json:"type"`
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
	Subsegments []*node        `json:"subsegments"`

	children []*node
}

// of reports whether the node or one below it belongs to the video: one invocation may serve several.
func (n *node) of(video string) bool {
	return n.Annotations["video_id"] == video || slices.ContainsFunc(n.children, func(c *node) bool { return c.of(video) })
}

// walk calls visit for the node and all below it, parents first.
func (n *node) walk(depth int, visit func(n *node, depth int)) {
	visit(n, depth)
	for _, c := range n.children {
		c.walk(depth+1, visit)
	}
}

type forest map[string]*node // by trace and id

// load merges documents, one a line, into hops: a segment, or a subsegment whose parent nobody sent us, as Lambda's
// own segments never come here. A line that is no document is passed over: the last may be half written.
func load(lines io.Reader) ([]*node, error) {
	all := forest{}
	scan := bufio.NewScanner(lines)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		n := new(node)
		if json.Unmarshal(scan.Bytes(), n) == nil && n.ID != "" {
			all.add(n)
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	return all.hops(), nil
}

// add takes a document and what is embedded in it. A finished one stays when the same comes as in progress.
func (f forest) add(n *node) {
	key := n.TraceID + n.ID
	if old := f[key]; old == nil || old.InProgress || !n.InProgress {
		f[key] = n
	}
	for _, c := range n.Subsegments {
		// The SDK writes the segment's id into an embedded one's parent_id; what encloses it is right.
		c.TraceID, c.ParentID, c.Type = n.TraceID, n.ID, "subsegment"
		f.add(c)
	}
}

func (f forest) hops() []*node {
	var hops []*node
	for _, n := range f {
		if parent := f[n.TraceID+n.ParentID]; parent != nil && parent != n && n.Type == "subsegment" {
			parent.children = append(parent.children, n)
		} else {
			hops = append(hops, n)
		}
	}
	for _, n := range f {
		slices.SortFunc(n.children, byStart)
	}
	slices.SortFunc(hops, byStart)
	return hops
}

func byStart(a, b *node) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
}
