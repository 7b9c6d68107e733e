package awsmodel

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// model is the service model of one AWS service, in botocore's format:
// https://github.com/boto/botocore/blob/develop/botocore/model.py
type model struct {
	Metadata struct {
		Protocol     string // rest-json or rest-xml; of any other, the request tells which one it has
		TargetPrefix string // of the header X-Amz-Target
	}
	Operations map[string]operation
	Shapes     map[string]shape
}

// operation is one call of a service.
type operation struct {
	Name string
	HTTP struct{ Method, RequestURI string }
	// Input is the zero reference if the operation has no members.
	Input        reference
	HTTPChecksum checksum
}

// reference is the use of a shape, most often as a member of a structure.
type reference struct {
	Shape        string
	Location     string // uri, querystring, header or headers; "": the body
	LocationName string // name in the request; "": the member's name
	Flattened    bool
}

// shape is a type.
type shape struct {
	Type       string
	Members    map[string]reference // of a structure
	Required   []string
	Payload    string     // the member that is the body
	Union      bool       // a structure of which one member is set
	Member     *reference // of a list
	Key, Value *reference // of a map
	Flattened  bool       // list or map
	Enum       []string
	Min, Max   *float64 // of a number, or of the length of everything else
	Pattern    string   // of the whole string
}

// wireName returns the name that a member has in a request.
func (r reference) wireName(name string) string { return cmp.Or(r.LocationName, name) }

// findMember returns the member with a name in the request.
func (s shape) findMember(wire string) (reference, bool) {
	for name, r := range s.Members {
		if r.wireName(name) == wire {
			return r, true
		}
	}
	return reference{}, false
}

// signingNames has the service of each model, as a signature names it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
var signingNames = map[string]string{
	"dynamodb": "dynamodb", "lambda": "lambda", "monitoring": "cloudwatch", "s3": "s3",
	"secretsmanager": "secretsmanager", "sns": "sns", "sqs": "sqs", "xray": "xray",
}

// Models are the service models by the service's name in a signature.
type Models map[string]*model

// Load reads the models in a folder: a file SERVICE.json.gz for each.
func Load(dir string) (Models, error) {
	all := Models{}
	for _, signing := range slices.Sorted(maps.Keys(signingNames)) {
		m, err := loadModel(filepath.Join(dir, signingNames[signing]+".json.gz"))
		if err != nil {
			return nil, fmt.Errorf("awsmodel: %w", err)
		}
		all[signing] = m
	}
	return all, nil
}

func loadModel(path string) (*model, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m := &model{}
	if err := json.NewDecoder(text).Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
