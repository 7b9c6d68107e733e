package awsmodel

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// decodeREST decodes a request of the protocols rest-json and rest-xml, which have members in the path, the query and
// the header, and the rest in the body: https://smithy.io/2.0/spec/http-bindings.html
func (m *model) decodeREST(r Request) (string, map[string]any, error) {
	name, labels := m.findRoute(r)
	if name == "" {
		return "", nil, fmt.Errorf("no operation is %s %s", r.Method, r.URL.RequestURI())
	}
	op := m.Operations[name]
	s, input := m.Shapes[op.Input.Shape], map[string]any{}
	if op.Input.Shape == "" {
		return name, input, nil
	}
	for wire, value := range labels {
		input[wire] = text(value)
	}
	m.addQuery(input, s, op, r.URL.Query())
	m.addHeader(input, s, op, r.Header)
	err := m.addBody(input, op.Input, s, r.Body)
	return name, input, err
}

// findRoute returns the operation whose method, path and query fit best, and the labels in its path; "" if none fits.
// Some operations of S3 differ in the parameters that they require only.
func (m *model) findRoute(r Request) (found string, labels map[string]string) {
	best := 0
	path := addHostBucket(r.URL)
	for name, op := range m.Operations {
		l, ok := matchPath(op, path)
		if !ok || op.HTTP.Method != r.Method || !hasQuery(op, r.URL.Query()) {
			continue
		}
		if n := m.scoreRoute(op, r); found == "" || n > best || n == best && name < found {
			found, labels, best = name, l, n
		}
	}
	return found, labels
}

// scoreRoute returns how well an operation fits: by the name of it that the SDK puts into the query, by the parameters
// that its path prescribes, and by those in query and header that it requires, lacks or does not know.
func (m *model) scoreRoute(op operation, r Request) (n int) {
	s, query := m.Shapes[op.Input.Shape], r.URL.Query()
	_, literal := splitURI(op)
	if query.Get("x-id") == op.Name {
		n += 100
	}
	n += 10 * len(literal)
	known := 0
	for name, member := range s.Members {
		inQuery := member.Location == "querystring" && query.Has(member.wireName(name))
		inHeader := member.Location == "header" && r.Header.Get(member.wireName(name)) != ""
		if inQuery {
			known++
		}
		switch required := slices.Contains(s.Required, name); {
		case required && (inQuery || inHeader):
			n++
		case required && (member.Location == "querystring" || member.Location == "header"):
			n--
		}
	}
	for name := range query {
		if isSDKParameter(name) {
			known++
		}
	}
	return n - (len(query) - known - len(literal))
}

func splitURI(op operation) (path string, query url.Values) {
	path, text, _ := strings.Cut(op.HTTP.RequestURI, "?")
	query, _ = url.ParseQuery(text)
	return path, query
}

func hasQuery(op operation, query url.Values) bool {
	_, literal := splitURI(op)
	for name := range literal {
		if !query.Has(name) || query.Get(name) != literal.Get(name) {
			return false
		}
	}
	return true
}

var s3Host = regexp.MustCompile(`^(.+)\.s3\.[a-z0-9-]+\.amazonaws\.com$`)

// addHostBucket returns the path of a URL as it is sent, with the bucket of S3 in it if the host has it
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
func addHostBucket(u *url.URL) string {
	if found := s3Host.FindStringSubmatch(u.Hostname()); found != nil {
		return "/" + found[1] + u.EscapedPath()
	}
	return u.EscapedPath()
}

// matchPath returns the labels of an operation's path. The last one takes the rest of the path if it ends with +.
func matchPath(op operation, path string) (map[string]string, bool) {
	want, _ := splitURI(op)
	names, labels := strings.Split(want, "/"), map[string]string{}
	if len(names) == 2 {
		path = strings.TrimSuffix(path, "/") // of a bucket in the host
	}
	parts := strings.SplitN(path, "/", len(names))
	if len(parts) != len(names) {
		return nil, false
	}
	for i, name := range names {
		label, isLabel := strings.CutPrefix(name, "{")
		label, isRest := strings.CutSuffix(strings.TrimSuffix(label, "}"), "+")
		value, err := url.PathUnescape(parts[i])
		switch {
		case !isLabel && name != parts[i], err != nil, isLabel && !isRest && strings.Contains(parts[i], "/"):
			return nil, false
		case isLabel && value != "": // an empty one is a member that is not there
			labels[label] = value
		}
	}
	return labels, len(labels) > 0 || !strings.Contains(want, "{")
}

// isSDKParameter reports whether a parameter is not of the operation: the SDK's own, or a signature
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
func isSDKParameter(name string) bool { return name == "x-id" || strings.HasPrefix(name, "X-Amz-") }

func (m *model) addQuery(input map[string]any, s shape, op operation, query url.Values) {
	_, literal := splitURI(op)
	for name, values := range query {
		member, ok := s.findMember(name)
		switch {
		case isSDKParameter(name) || literal.Has(name):
		case !ok || member.Location != "querystring":
			input[name] = unreadable("a parameter of the query")
		case m.Shapes[member.Shape].Type == "list":
			list := []any{}
			for _, v := range values {
				list = append(list, text(v))
			}
			input[name] = list
		default:
			input[name] = text(values[0])
		}
	}
}

// protocolHeaders are the headers of AWS that are not of an operation: of signatures, trailers, traces and the SDK.
var protocolHeaders = []string{
	"X-Amz-Content-Sha256", "X-Amz-Date", "X-Amz-Decoded-Content-Length", "X-Amz-Security-Token", "X-Amz-Trailer",
	"X-Amz-User-Agent",
}

func (m *model) addHeader(input map[string]any, s shape, op operation, header http.Header) {
	known := map[string]bool{}
	for name, member := range s.Members {
		wire := member.wireName(name)
		switch member.Location {
		case "header":
			known[http.CanonicalHeaderKey(wire)] = true
			if value := header.Get(wire); value != "" {
				input[wire] = headerText(value)
			}
		case "headers":
			addPrefixed(input, known, wire, header)
		}
	}
	for name := range header {
		known[name] = known[name] || slices.Contains(protocolHeaders, name) || op.HTTPChecksum.allowsHeader(name)
		if strings.HasPrefix(name, "X-Amz-") && !known[name] {
			input[name] = unreadable("a header")
		}
	}
}

// addPrefixed adds a map of the headers with a prefix.
func addPrefixed(input map[string]any, known map[string]bool, prefix string, header http.Header) {
	found := map[string]any{}
	for name := range header {
		if key, ok := strings.CutPrefix(name, http.CanonicalHeaderKey(prefix)); ok {
			known[name] = true
			found[key] = headerText(header.Get(name))
		}
	}
	if len(found) > 0 {
		input[prefix] = found
	}
}

// addBody adds the member that is the whole body, or the members that are in it.
func (m *model) addBody(input map[string]any, r reference, s shape, body []byte) error {
	if s.Payload != "" {
		member := s.Members[s.Payload]
		wire := member.wireName(s.Payload)
		switch of := m.Shapes[member.Shape]; {
		case len(body) == 0:
		case of.Type != "structure":
			input[wire] = payload(body)
		case m.Metadata.Protocol == "rest-xml":
			input[wire] = m.parseXML(member, s.Payload, body)
		default:
			object, err := parseJSONObject(body)
			input[wire] = object
			return err
		}
		return nil
	}
	if len(body) == 0 {
		return nil
	}
	if m.Metadata.Protocol == "rest-xml" {
		return fmt.Errorf("the operation has no body, and the request has one of %d bytes", len(body))
	}
	object, err := parseJSONObject(body)
	for name, value := range object {
		if member, ok := s.findMember(name); ok && member.Location != "" {
			value = unreadable("it belongs to " + member.Location)
		}
		input[name] = value
	}
	return err
}
