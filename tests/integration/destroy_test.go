//go:build integration

package integration

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/platform/blob"
)

// retainTemplate is a stack with the same retained resources as Sluice's on AWS.
const retainTemplate = `{"Resources": {
	"Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
	"Table": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": {
		"BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": true,
		"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
		"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}},
	"Secret": {"Type": "AWS::SecretsManager::Secret", "DeletionPolicy": "Retain", "Properties": {"GenerateSecretString": {}}},
	"Queue": {"Type": "AWS::SQS::Queue"}
}}`

// TestDestroyDeletesDataOnlyWhenAsked destroys a stack with full buckets, first without and then with its data.
func TestDestroyDeletesDataOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	cfg, name := loadConfig(t), temporaryName("destroy")
	left := deployRetainStack(t, cfg, name)
	fillBucket(t, cfg, left["Bucket"])
	tool := filepath.Join(t.TempDir(), "destroy")
	if out, err := exec.CommandContext(
		t.Context(), "go", "build", "-o", tool, "../../infra/destroy",
	).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	destroy := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), tool, append(args, "-stack", name)...)
		// The environment has only what names the local cloud, so that no AWS account is reached.
		cmd.Env = []string{
			"AWS_ENDPOINT_URL=" + *cfg.BaseEndpoint, "AWS_REGION=us-east-1",
			"AWS_ACCESS_KEY_ID=" + os.Getenv("AWS_ACCESS_KEY_ID"),
			"AWS_SECRET_ACCESS_KEY=" + os.Getenv("AWS_SECRET_ACCESS_KEY"),
		}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}

	if out, err := destroy("-data", "-account", "999999999999"); err == nil ||
		!strings.Contains(out, "nothing was deleted") {
		t.Fatalf("another account's number: %v\n%s", err, out)
	}
	if out, err := destroy("-account", "000000000000"); err != nil || strings.Contains(out, "deleted") {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := cmp.Diff([]string{"Bucket", "Table"}, findRemaining(t, cfg, left)); diff != "" {
		t.Fatalf("after the stack (-want +got):\n%s", diff)
	}
	for _, run := range []string{"the data", "once more"} {
		if out, err := destroy("-data", "-account", "000000000000"); err != nil {
			t.Fatalf("%s: %v\n%s", run, err, out)
		}
		if diff := cmp.Diff([]string(nil), findRemaining(t, cfg, left)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", run, diff)
		}
	}
}

// deployRetainStack deploys the stack and returns the physical names of its resources.
func deployRetainStack(t *testing.T, cfg aws.Config, name string) map[string]string {
	t.Helper()
	createStack(t, cfg, name, retainTemplate)
	out, err := cloudformation.NewFromConfig(cfg).ListStackResources(
		t.Context(), &cloudformation.ListStackResourcesInput{StackName: &name},
	)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, r := range out.StackResourceSummaries {
		names[*r.LogicalResourceId] = *r.PhysicalResourceId
	}
	return names
}

// fillBucket puts objects and an unfinished upload into a bucket.
func fillBucket(t *testing.T, cfg aws.Config, bucket string) {
	t.Helper()
	c := blob.NewClient(cfg, true)
	for _, key := range []string{"t/a/1/source", "t/a/2/source", "t/ä b+c/3/source"} {
		if _, err := c.PutObject(
			t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(key)},
		); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.CreateMultipartUpload(
		t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String("t/a/4/source")},
	); err != nil {
		t.Fatal(err)
	}
}

// findRemaining returns which of the bucket and the table exist.
func findRemaining(t *testing.T, cfg aws.Config, names map[string]string) (there []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := blob.NewClient(cfg, true).HeadBucket(
		ctx, &s3.HeadBucketInput{Bucket: aws.String(names["Bucket"])},
	); err == nil {
		there = append(there, "Bucket")
	}
	if _, err := dynamodb.NewFromConfig(cfg).DescribeTable(
		ctx, &dynamodb.DescribeTableInput{TableName: aws.String(names["Table"])},
	); err == nil {
		there = append(there, "Table")
	}
	return there
}
