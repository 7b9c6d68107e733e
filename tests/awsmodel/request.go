package awsmodel

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Request is a request as it is sent.
type Request struct {
	Method string
	URL    *url.URL // with the host, if it is known
	Header http.Header
	Body   []byte // nil if it was not recorded
}

// Operation is an operation of a service.
type Operation struct {
	Service string // as a signature names it
	Name    string
}

func (o Operation) String() string { return strings.TrimSpace(o.Service + " " + o.Name) }

// Violation is a rule of a model that a request breaks.
type Violation struct {
	Operation Operation
	Member    string // path of the member; "": the request as a whole
	Rule      Rule
	Detail    string
}

func (v Violation) String() string {
	text := v.Operation.String() + ": "
	if v.Member != "" {
		text += v.Member + ": "
	}
	return text + string(v.Rule) + ": " + v.Detail
}

// Rule is a kind of rule.
type Rule string

// The rules.
const (
	KnownOperation Rule = "operation" // the service has the operation
	Required       Rule = "required"
	KnownMember    Rule = "unknown member"
	Type           Rule = "type"
	Enum           Rule = "enum"
	Length         Rule = "length" // characters, bytes, entries
	Range          Rule = "range"  // numbers
	Pattern        Rule = "pattern"
	Union          Rule = "union" // one member of these
)

// Check returns the operation that a request calls, and the rules that the request breaks.
func (m Models) Check(r Request) (Operation, []Violation) {
	called := Operation{Service: readSigningName(r)}
	model := m[called.Service]
	if model == nil {
		return called, []Violation{{called, "", KnownOperation, "the request is not signed for a service with a model"}}
	}
	name, input, err := model.decode(r)
	called.Name = name
	if err != nil {
		return called, []Violation{{called, "", KnownOperation, err.Error()}}
	}
	c, op := checker{model: model, operation: called}, model.Operations[name]
	if op.Input.Shape != "" {
		c.checkValue("", op.Input, input)
	} else if len(input) > 0 {
		c.report("", KnownMember, "the operation has no members, and the request has %d", len(input))
	}
	if op.HTTPChecksum.RequestChecksumRequired && !hasChecksum(r.Header) {
		c.report("checksum of the body", Required, "is missing")
	}
	return called, c.found
}

// decode returns the operation and its input: members by their names in the request. The protocol is that of the
// request, because a client may choose among those of the service.
func (m *model) decode(r Request) (operation string, input map[string]any, err error) {
	switch contentType := r.Header.Get("Content-Type"); {
	case strings.HasPrefix(m.Metadata.Protocol, "rest-"):
		return m.decodeREST(r)
	case strings.HasPrefix(contentType, "application/x-amz-json-"):
		return m.decodeJSON(r)
	default:
		return m.decodeForm(r)
	}
}

var credentialScope = regexp.MustCompile(`Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request`)

// readSigningName returns the service for which a request is signed, in its header or its query; "" if it is not.
func readSigningName(r Request) string {
	for _, text := range []string{
		r.Header.Get("Authorization"), "Credential=" + r.URL.Query().Get("X-Amz-Credential"),
	} {
		if found := credentialScope.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	return ""
}
