package awsmodel

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// decodeForm decodes a request of the protocol query, which has members as form fields with dotted names:
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
func (m *model) decodeForm(r Request) (string, map[string]any, error) {
	fields, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return "", nil, fmt.Errorf("the body is no form: %w", err)
	}
	name := fields.Get("Action")
	op, ok := m.Operations[name]
	if !ok {
		return "", nil, fmt.Errorf("the form field Action is %q", name)
	}
	root := &formNode{}
	for field, values := range fields {
		if field != "Action" && field != "Version" {
			root.add(strings.Split(field, "."), values[0])
		}
	}
	if op.Input.Shape == "" {
		return name, root.toUnknown(), nil
	}
	input, _ := m.fromForm(op.Input, root).(map[string]any)
	return name, input, nil
}

// formNode is what the fields that begin alike have in common.
type formNode struct {
	text     string
	children map[string]*formNode
}

func (n *formNode) add(path []string, value string) {
	if len(path) == 0 {
		n.text = value
		return
	}
	if n.children == nil {
		n.children = map[string]*formNode{}
	}
	next := n.children[path[0]]
	if next == nil {
		next = &formNode{}
		n.children[path[0]] = next
	}
	next.add(path[1:], value)
}

func (n *formNode) toUnknown() map[string]any {
	out := map[string]any{}
	for name := range n.children {
		out[name] = unreadable("a field of a form")
	}
	return out
}

// fromForm returns the value of a shape that a node has.
func (m *model) fromForm(r reference, n *formNode) any {
	s := m.Shapes[r.Shape]
	switch s.Type {
	case "structure":
		out := n.toUnknown()
		for name, child := range n.children {
			if member, ok := s.findMember(name); ok {
				out[name] = m.fromForm(member, child)
			}
		}
		return out
	case "list":
		entries, err := n.entries(r.Flattened || s.Flattened, s.Member.wireName("member"))
		if err != nil {
			return unreadable(err.Error())
		}
		list := []any{}
		for _, e := range entries {
			list = append(list, m.fromForm(*s.Member, e))
		}
		return list
	case "map":
		return m.mapFromForm(r, s, n)
	}
	if n.children != nil {
		return unreadable("has fields below it")
	}
	return text(n.text)
}

func (m *model) mapFromForm(r reference, s shape, n *formNode) any {
	entries, err := n.entries(r.Flattened || s.Flattened, "entry")
	if err != nil {
		return unreadable(err.Error())
	}
	out, key, value := map[string]any{}, s.Key.wireName("key"), s.Value.wireName("value")
	for i, e := range entries {
		if e.children[key] == nil || e.children[value] == nil || len(e.children) != 2 {
			return unreadable(fmt.Sprintf("entry %d has not just %s and %s", i+1, key, value))
		}
		out[e.children[key].text] = m.fromForm(*s.Value, e.children[value])
	}
	return out
}

// entries returns the numbered children of a list or map, which are below a node of their own unless it is flattened.
func (n *formNode) entries(flattened bool, name string) (all []*formNode, err error) {
	if n.children == nil && n.text == "" { // an empty list
		return nil, nil
	}
	if !flattened {
		if n.children[name] == nil || len(n.children) != 1 {
			return nil, fmt.Errorf("has %v, not %s", slices.Sorted(maps.Keys(n.children)), name)
		}
		n = n.children[name]
	}
	for i := range len(n.children) {
		e := n.children[strconv.Itoa(i+1)]
		if e == nil {
			return nil, fmt.Errorf("has no number %d of %d", i+1, len(n.children))
		}
		all = append(all, e)
	}
	return all, nil
}
