package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// applyDroppedProperties sets properties of the deployed template that the emulators' CloudFormation accepts but
// ignores, as CloudFormation does on AWS: lifecycles and encryption of buckets; expiry, recovery and encryption of
// tables. MiniStack ignores most of these, LocalStack lifecycles and recovery. The access log of the API is left out:
// MiniStack would keep its settings, but never write a line.
func (c *Cloud) applyDroppedProperties(ctx context.Context, outputs Outputs) error {
	t, err := readJSON[template](c.buildPath("cdk.local", stackName+".template.json"))
	if err != nil {
		return err
	}
	key, err := c.readRootKey()
	if err != nil {
		return err
	}
	cfg := Env{Endpoint: c.endpointURL(), Region: Region, key: key}.AWSConfig()
	setters := map[string]func(context.Context, string, json.RawMessage) error{
		"AWS::S3::Bucket": bucketAPI{s3.NewFromConfig(cfg, func(o *s3.Options) {
			o.UsePathStyle = true
		})}.applyProperties,
		"AWS::DynamoDB::Table": tableAPI{dynamodb.NewFromConfig(cfg)}.applyProperties,
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

// physicalName returns the name of the deployed resource with a logical id: the value of the output that refers to it.
func (t template) physicalName(id string, outputs Outputs) (string, error) {
	for name, out := range t.Outputs {
		if ref, ok := out.Value.(map[string]any); ok && ref["Ref"] == id {
			return outputs.Get(name)
		}
	}
	return "", fmt.Errorf("no output of the stack names %s", id)
}
