package awsmodel

import (
	"encoding/json"
	"maps"
	"slices"
)

// iamActions has the IAM actions that an operation needs, where they have not the operation's name:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html,
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
var iamActions = map[Operation][]string{
	{"s3", "HeadObject"}:              {"s3:GetObject"},
	{"s3", "ListObjectsV2"}:           {"s3:ListBucket"},
	{"s3", "DeleteObjects"}:           {"s3:DeleteObject"},
	{"s3", "CreateMultipartUpload"}:   {"s3:PutObject"},
	{"s3", "UploadPart"}:              {"s3:PutObject"},
	{"s3", "UploadPartCopy"}:          {"s3:GetObject", "s3:PutObject"},
	{"s3", "CompleteMultipartUpload"}: {"s3:PutObject"},
	{"s3", "ListParts"}:               {"s3:ListMultipartUploadParts"},
	{"sqs", "SendMessageBatch"}:       {"sqs:SendMessage"},
	{"lambda", "Invoke"}:              {"lambda:InvokeFunction"},
	{"monitoring", "GetMetricData"}:   {"cloudwatch:GetMetricData"},
}

// transactionActions has the action that each kind of item of a DynamoDB transaction needs:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
var transactionActions = map[string]string{
	"ConditionCheck": "dynamodb:ConditionCheckItem", "Delete": "dynamodb:DeleteItem", "Put": "dynamodb:PutItem",
	"Update": "dynamodb:UpdateItem",
}

// IAMActions returns the IAM actions that a request of an operation needs, sorted.
func IAMActions(o Operation, r Request) []string {
	if o != (Operation{"dynamodb", "TransactWriteItems"}) {
		if actions, ok := iamActions[o]; ok {
			return actions
		}
		return []string{o.Service + ":" + o.Name}
	}
	var in struct{ TransactItems []map[string]json.RawMessage }
	_ = json.Unmarshal(r.Body, &in) // Check has found an invalid body
	actions := map[string]bool{}
	for _, item := range in.TransactItems {
		for kind := range item {
			actions[transactionActions[kind]] = true
		}
	}
	return slices.Sorted(maps.Keys(actions))
}
