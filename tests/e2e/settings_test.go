//go:build integration

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/platform/blob"
)

// deployedTemplate is the template from which the local cloud was deployed.
type deployedTemplate struct {
	Resources map[string]struct {
		Type       string
		Properties map[string]any
	}
	Outputs map[string]struct{ Value any }
}

// TestDeployedSettingsMatchTemplate compares settings with the template. A successful deployment does not prove them,
// because the CloudFormation of the emulators ignores some properties.
func TestDeployedSettingsMatchTemplate(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	tpl := d.readTemplate(t)
	ask := map[string]func(*testing.T, string) map[string]any{
		"AWS::S3::Bucket": d.readBucketSettings, "AWS::DynamoDB::Table": d.readTableSettings,
		"AWS::SQS::Queue": d.readQueueSettings,
	}
	seen := map[string]bool{}
	for name, out := range tpl.Outputs {
		ref, _ := out.Value.(map[string]any)
		id, _ := ref["Ref"].(string)
		r := tpl.Resources[id]
		if ask[r.Type] == nil {
			continue
		}
		seen[r.Type] = true
		t.Run(name, func(t *testing.T) {
			got, want := ask[r.Type](t, d.stackOutput(t, name)), maps.Clone(r.Properties)
			maps.DeleteFunc(want, func(property string, _ any) bool { return got[property] == nil })
			maps.DeleteFunc(got, func(property string, _ any) bool { return want[property] == nil })
			if len(want) == 0 {
				t.Fatal("nothing to compare")
			}
			if diff := cmp.Diff(normalizeJSON(t, want), normalizeJSON(t, got)); diff != "" {
				t.Errorf("%s in the template (-) and in the cloud (+):\n%s", id, diff)
			}
		})
	}
	if len(seen) != len(ask) {
		t.Errorf("compared %v only", seen)
	}
}

func (d deployment) readTemplate(t *testing.T) (template deployedTemplate) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.root, "build", "cdk.local", "Sluice.template.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("deployed from elsewhere")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	return template
}

// normalizeJSON makes values comparable that differ only in form: numbers and booleans become text, nulls are dropped.
func normalizeJSON(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	return normalizeValue(plain)
}

func normalizeValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			if inner != nil {
				out[name] = normalizeValue(inner)
			}
		}
		return out
	case []any:
		var out []any
		for _, inner := range v {
			out = append(out, normalizeValue(inner))
		}
		return out
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func (d deployment) readBucketSettings(t *testing.T, name string) map[string]any {
	t.Helper()
	c := blob.NewClient(d.aws, true)
	lifecycle, err := c.GetBucketLifecycleConfiguration(
		t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: &name},
	)
	if err != nil {
		t.Fatal(err)
	}
	var rules []any
	for _, r := range lifecycle.Rules {
		rule := map[string]any{"Status": r.Status, "AbortIncompleteMultipartUpload": r.AbortIncompleteMultipartUpload}
		if r.Filter != nil && aws.ToString(r.Filter.Prefix) != "" {
			rule["Prefix"] = r.Filter.Prefix
		}
		if r.Expiration != nil {
			rule["ExpirationInDays"] = r.Expiration.Days
		}
		var transitions []any
		for _, to := range r.Transitions {
			transitions = append(
				transitions, map[string]any{"StorageClass": to.StorageClass, "TransitionInDays": to.Days},
			)
		}
		if transitions != nil {
			rule["Transitions"] = transitions
		}
		rules = append(rules, rule)
	}
	encryption, err := c.GetBucketEncryption(t.Context(), &s3.GetBucketEncryptionInput{Bucket: &name})
	if err != nil {
		t.Fatal(err)
	}
	var algorithms []any
	for _, r := range encryption.ServerSideEncryptionConfiguration.Rules {
		by := map[string]any{"SSEAlgorithm": r.ApplyServerSideEncryptionByDefault.SSEAlgorithm}
		algorithms = append(algorithms, map[string]any{"ServerSideEncryptionByDefault": by})
	}
	public, err := c.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: &name})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"LifecycleConfiguration":         map[string]any{"Rules": rules},
		"BucketEncryption":               map[string]any{"ServerSideEncryptionConfiguration": algorithms},
		"PublicAccessBlockConfiguration": public.PublicAccessBlockConfiguration,
	}
}

func (d deployment) readTableSettings(t *testing.T, name string) map[string]any {
	t.Helper()
	c := dynamodb.NewFromConfig(d.aws)
	expiry, err := c.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		t.Fatal(err)
	}
	backups, err := c.DescribeContinuousBackups(t.Context(), &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
	if err != nil {
		t.Fatal(err)
	}
	about, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		t.Fatal(err)
	}
	recovery := backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription
	encrypted := about.Table.SSEDescription != nil && about.Table.SSEDescription.Status == "ENABLED"
	return map[string]any{
		"KeySchema":   about.Table.KeySchema,
		"BillingMode": about.Table.BillingModeSummary.BillingMode,
		"TimeToLiveSpecification": map[string]any{
			"AttributeName": expiry.TimeToLiveDescription.AttributeName,
			"Enabled":       expiry.TimeToLiveDescription.TimeToLiveStatus == "ENABLED",
		},
		"PointInTimeRecoverySpecification": map[string]any{
			"PointInTimeRecoveryEnabled": recovery.PointInTimeRecoveryStatus == "ENABLED",
		},
		"SSESpecification": map[string]any{"SSEEnabled": encrypted},
	}
}

func (d deployment) readQueueSettings(t *testing.T, url string) map[string]any {
	t.Helper()
	out, err := d.sqsClient().GetQueueAttributes(
		t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqsAttribute{"All"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for name, value := range out.Attributes {
		if name != "RedrivePolicy" { // the template has a reference in place of the ARN
			got[name] = value
		}
	}
	return got
}
