package awsmodel

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// element is an element of XML. Attributes are left out: the bodies of requests that are checked here have none but
// namespaces.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Children []element `xml:",any"`
}

// parseXML parses the body for a reference, with the name of the root as the reference has it.
func (m *model) parseXML(r reference, name string, body []byte) any {
	var root element
	if err := xml.NewDecoder(bytes.NewReader(body)).Decode(&root); err != nil {
		return unreadable("the body is no XML: " + err.Error())
	}
	if want := r.wireName(name); root.XMLName.Local != want {
		return unreadable(fmt.Sprintf("the root is %s, not %s", root.XMLName.Local, want))
	}
	return m.fromXML(r, root)
}

// fromXML returns the value of a shape that an element has.
func (m *model) fromXML(r reference, e element) any {
	s := m.Shapes[r.Shape]
	switch s.Type {
	case "structure":
		return m.structureFromXML(s, e)
	case "list":
		list := []any{}
		for _, child := range e.Children {
			if want := s.Member.wireName("member"); child.XMLName.Local != want {
				return unreadable(fmt.Sprintf("has %s, not %s", child.XMLName.Local, want))
			}
			list = append(list, m.fromXML(*s.Member, child))
		}
		return list
	case "map":
		return unreadable("maps in XML are not known here")
	}
	if e.Children != nil {
		return unreadable("has elements in it")
	}
	return text(e.Text)
}

func (m *model) structureFromXML(s shape, e element) map[string]any {
	out := map[string]any{}
	for _, child := range e.Children {
		name := child.XMLName.Local
		member, ok := s.findMember(name)
		of := m.Shapes[member.Shape]
		switch {
		case !ok:
			out[name] = unreadable("an element")
		case of.Type == "list" && (member.Flattened || of.Flattened):
			list, _ := out[name].([]any)
			out[name] = append(list, m.fromXML(*of.Member, child))
		case out[name] != nil:
			out[name] = unreadable("occurs twice")
		default:
			out[name] = m.fromXML(member, child)
		}
	}
	return out
}
