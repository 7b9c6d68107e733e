package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
)

// applyDroppedProperties sets properties of the deployed template that the emulators' CloudFormation accepts but
// ignores, as CloudFormation does on AWS: lifecycles and encryption of buckets; expiry, recovery and encryption of
// tables. MiniStack ignores most of these, LocalStack lifecycles and recovery. The access log of the API is left out:
// MiniStack would keep its settings, but never write a line.
func (c *Cloud) applyDroppedProperties(ctx context.Context, outputs Outputs) error {
	t, err := readTemplate(c.buildPath("cdk.local", stackName+".template.json"))
	if err != nil {
		return err
	}
	cfg := Env{Endpoint: c.endpointURL(), Region: Region}.AWSConfig()
	setters := map[string]func(context.Context, string, json.RawMessage) error{
		"AWS::S3::Bucket":      newBucketAPI(cfg).applyProperties,
		"AWS::DynamoDB::Table": newTableAPI(cfg).applyProperties,
	}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		set, ok := setters[r.Type]
		if !ok || r.Properties == nil {
			continue
		}
		name, err := t.physicalName(id, outputs)
		if err != nil {
			return err
		}
		if err := set(ctx, name, r.Properties); err != nil {
			return fmt.Errorf("%s (%s): %w", id, name, err)
		}
	}
	return nil
}

// template is the part of a CloudFormation template that is read here.
type template struct {
	Resources map[string]struct {
		Type       string
		Properties json.RawMessage
	}
	Outputs map[string]struct{ Value any }
}

func readTemplate(path string) (template, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return template{}, err
	}
	var t template
	if err := json.Unmarshal(text, &t); err != nil {
		return template{}, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// physicalName returns the name of the deployed resource with a logical id: the value of the output that refers to it.
func (t template) physicalName(id string, outputs Outputs) (string, error) {
	for name, out := range t.Outputs {
		if ref, ok := out.Value.(map[string]any); ok && ref["Ref"] == id {
			return outputs.Get(name)
		}
	}
	return "", fmt.Errorf("no output of the stack names %s", id)
}
