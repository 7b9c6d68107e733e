package awsmodel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// decodeJSON decodes a request of the protocol json, which names the operation in a header:
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
func (m *model) decodeJSON(r Request) (string, map[string]any, error) {
	target := r.Header.Get("X-Amz-Target")
	name, ok := strings.CutPrefix(target, m.Metadata.TargetPrefix+".")
	if _, known := m.Operations[name]; !ok || !known {
		return "", nil, fmt.Errorf("the header X-Amz-Target is %q", target)
	}
	input, err := parseJSONObject(r.Body)
	return name, input, err
}

// parseJSONObject parses an object. Its numbers are of type json.Number.
func parseJSONObject(text []byte) (object map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("the body is no JSON object: %w", err)
	}
	return object, nil
}
