package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
)

// The emulators' CloudFormation takes some properties without a word and does nothing with them, where the services
// themselves would: MiniStack's most of these, LocalStack's lifecycles and recovery. complete sets those of the deployed
// template, as CloudFormation would on AWS: lifecycles and encryption of buckets; expiry, recovery and encryption of
// tables. Left out is the access log of the API, whose settings MiniStack would keep, but never write a line.
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

// template is what is read of a CloudFormation template.
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

// physicalName returns the name that the resource id got: the value of the output that refers to it.
func (t template) physicalName(id string, outputs Outputs) (string, error) {
	for name, out := range t.Outputs {
		if ref, ok := out.Value.(map[string]any); ok && ref["Ref"] == id {
			return outputs.Get(name)
		}
	}
	return "", fmt.Errorf("no output of the stack names %s", id)
}
