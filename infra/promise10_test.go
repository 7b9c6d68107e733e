package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

// requiredActions are the IAM actions that each AWS operation requires, from the Service Authorization Reference:
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
//
// Without s3:ListBucket, a reader gets 403 instead of 404. Sending requires nothing here: queue.Publisher has the code
// to send to every queue and to the topic, and sends only where the service map says. So sendActions follows the map.
var requiredActions = map[string][]string{
	"cloudfront.CreateInvalidation":                 {"cloudfront:CreateInvalidation"},
	"cloudfront.GetInvalidation":                    {"cloudfront:GetInvalidation"},
	"cloudwatch.GetMetricData":                      {"cloudwatch:GetMetricData"},
	"cloudfrontkeyvaluestore.DescribeKeyValueStore": {"cloudfront-keyvaluestore:DescribeKeyValueStore"},
	"cloudfrontkeyvaluestore.UpdateKeys":            {"cloudfront-keyvaluestore:UpdateKeys"},

	"lambda.Invoke":                   {"lambda:InvokeFunction"},
	"lambda.UpdateEventSourceMapping": {"lambda:UpdateEventSourceMapping"},
	"dynamodb.BatchGetItem":           {"dynamodb:BatchGetItem"},
	"dynamodb.BatchWriteItem":         {"dynamodb:BatchWriteItem"},
	"s3.DeleteObjects":                {"s3:DeleteObject"},
	"s3.ListObjectsV2":                {"s3:ListBucket"},
	"sqs.GetQueueAttributes":          {"sqs:GetQueueAttributes"},
	"dynamodb.GetItem":                {"dynamodb:GetItem"},
	"dynamodb.PutItem":                {"dynamodb:PutItem"},
	"dynamodb.Query":                  {"dynamodb:Query"},
	"dynamodb.TransactWriteItems":     {}, // those of its items
	"dynamodb.UpdateItem":             {"dynamodb:UpdateItem"},
	"s3.AbortMultipartUpload":         {"s3:AbortMultipartUpload"},
	"s3.CompleteMultipartUpload":      {"s3:PutObject"},
	"s3.CreateMultipartUpload":        {"s3:PutObject"},
	"s3.GetObject":                    {"s3:GetObject", "s3:ListBucket"},
	"s3.HeadObject":                   {"s3:GetObject", "s3:ListBucket"},
	"s3.ListParts":                    {"s3:ListMultipartUploadParts"},
	"s3.PutObject":                    {"s3:PutObject"},
	"s3.UploadPart":                   {"s3:PutObject"},
	"s3.UploadPartCopy":               {"kms:Decrypt", "s3:GetObject", "s3:PutObject"}, // from a producer's bucket
	"secretsmanager.GetSecretValue":   {"secretsmanager:GetSecretValue"},
	"sns.Publish":                     {},
	"sqs.ChangeMessageVisibility":     {"sqs:ChangeMessageVisibility"},
	"sqs.DeleteMessage":               {"sqs:DeleteMessage"},
	"sqs.ReceiveMessage":              {"sqs:ReceiveMessage"},
	"sqs.SendMessage":                 {"sqs:SendMessage"}, // to a dead-letter queue, or to redrive from it
	"sqs.SendMessageBatch":            {},
	"xray.BatchGetTraces":             {"xray:BatchGetTraces"},
	"xray.GetTraceSummaries":          {"xray:GetTraceSummaries"},
}

// lambdaActions are what Lambda itself does with the function's role, for every function; lambdaQueueActions for one
// with an inbox: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html and
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
var (
	lambdaActions = []string{
		"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
	}
	lambdaQueueActions = []string{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
)

// A function may do what its code can call, what it sends according to the service map, and what Lambda does for it.
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
					t.Errorf("it calls %s: add the IAM actions of that to requiredActions", operation)
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
				t.Errorf("permissions (-what the code calls +what the service map grants):\n%s", d)
			}
		})
	}
}

// authorize is linked with all methods of the table and the buckets, and calls one.
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

// sendActions returns the IAM actions that a service needs to send its events.
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
