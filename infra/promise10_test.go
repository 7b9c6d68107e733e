package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

// requiredActions are the IAM actions that each operation of AWS asks for, as the Service Authorization Reference has them:
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
//
// Without s3:ListBucket a reader is told 403 for 404. Sending has no entry: Publisher can send to every queue and to the
// topic, and sends only where the map says. So there the map is asked, see sending.
var requiredActions = map[string][]string{
	"cloudwatch.GetMetricData":        {"cloudwatch:GetMetricData"},
	"lambda.Invoke":                   {"lambda:InvokeFunction"},
	"lambda.UpdateEventSourceMapping": {"lambda:UpdateEventSourceMapping"},
	"dynamodb.BatchWriteItem":         {"dynamodb:BatchWriteItem"},
	"s3.DeleteObjects":                {"s3:DeleteObject"},
	"s3.ListObjectsV2":                {"s3:ListBucket"},
	"sqs.GetQueueAttributes":          {"sqs:GetQueueAttributes"},
	"dynamodb.GetItem":                {"dynamodb:GetItem"},
	"dynamodb.PutItem":                {"dynamodb:PutItem"},
	"dynamodb.Query":                  {"dynamodb:Query"},
	"dynamodb.TransactWriteItems":     {}, // the items' own
	"dynamodb.UpdateItem":             {"dynamodb:UpdateItem"},
	"s3.AbortMultipartUpload":         {"s3:AbortMultipartUpload"},
	"s3.CompleteMultipartUpload":      {"s3:PutObject"},
	"s3.CreateMultipartUpload":        {"s3:PutObject"},
	"s3.GetObject":                    {"s3:GetObject", "s3:ListBucket"},
	"s3.HeadObject":                   {"s3:GetObject", "s3:ListBucket"},
	"s3.ListParts":                    {"s3:ListMultipartUploadParts"},
	"s3.PutObject":                    {"s3:PutObject"},
	"s3.UploadPart":                   {"s3:PutObject"},
	"s3.UploadPartCopy":               {"s3:GetObject", "s3:PutObject"},
	"secretsmanager.GetSecretValue":   {"secretsmanager:GetSecretValue"},
	"sns.Publish":                     {},
	"sqs.ChangeMessageVisibility":     {"sqs:ChangeMessageVisibility"},
	"sqs.DeleteMessage":               {"sqs:DeleteMessage"},
	"sqs.ReceiveMessage":              {"sqs:ReceiveMessage"},
	"sqs.SendMessage":                 {"sqs:SendMessage"}, // to the dead letters, or of them
	"sqs.SendMessageBatch":            {},
	"xray.BatchGetTraces":             {"xray:BatchGetTraces"},
	"xray.GetTraceSummaries":          {"xray:GetTraceSummaries"},
}

// lambdaActions are what Lambda itself does in the function's name, for every function and for one with an inbox:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
var (
	lambdaActions      = []string{"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
	lambdaQueueActions = []string{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
)

// TestPromise10_PermissionsMatchTheCallsOfTheCode: what a function may do is what its code can ask AWS for, what it sends by the map,
// and what Lambda does for it.
func TestPromise10_PermissionsMatchTheCallsOfTheCode(t *testing.T) {
	t.Parallel()
	source, err := loadProgram()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range services.Map {
		t.Run(s.Name, func(t *testing.T) {
			want := map[string]bool{}
			for operation := range source.findOperations(s.Name) {
				actions, known := requiredActions[operation]
				if !known {
					t.Errorf("it calls %s: which right does that ask for?", operation)
				}
				addToSet(want, actions)
			}
			addToSet(want, lambdaActions)
			addToSet(want, sendActions(s))
			if s.Inbox != nil {
				addToSet(want, lambdaQueueActions)
			}
			got := map[string]bool{}
			for _, line := range listPermissions(t, awsTemplate(), s.Name) {
				addToSet(got, strings.Fields(line)[:1])
			}
			if d := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); d != "" {
				t.Errorf("rights (-the code asks +the map grants):\n%s", d)
			}
		})
	}
}

// TestCallWalkDistinguishesMethods: authorize is linked with every method of the table and of the buckets, and calls one.
func TestCallWalkDistinguishesMethods(t *testing.T) {
	t.Parallel()
	source, err := loadProgram()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]bool{"dynamodb.GetItem": true}, source.findOperations("authorize")); d != "" {
		t.Errorf("operations of authorize (-want +got):\n%s", d)
	}
}

// sendActions returns the rights to send what a service emits.
func sendActions(s services.Service) (actions []string) {
	for _, to := range s.Destinations() {
		if to == services.Topic {
			actions = append(actions, "sns:Publish")
		} else {
			actions = append(actions, "sqs:SendMessage")
		}
	}
	return actions
}

func addToSet(set map[string]bool, all []string) {
	for _, one := range all {
		set[one] = true
	}
}
