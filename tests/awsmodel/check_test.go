package awsmodel_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/awsmodel"
)

// newRequest returns a request that is signed for a service. line is its method and URL.
func newRequest(t *testing.T, service, line, body string, header ...string) awsmodel.Request {
	t.Helper()
	method, address, _ := strings.Cut(line, " ")
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r := awsmodel.Request{Method: method, URL: u, Header: http.Header{}, Body: []byte(body)}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20261128/eu-central-1/"+service+"/aws4_request, …")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// requestKinds make requests of each protocol.
var requestKinds = map[string]func(t *testing.T, line, body string) awsmodel.Request{
	"dynamodb": newJSONRequest("dynamodb", "DynamoDB_20120810", "1.0"),
	"sqs":      newJSONRequest("sqs", "AmazonSQS", "1.0"),
	"sns":      newFormRequest("sns"),
	"s3":       newRESTRequest("s3"),
	"lambda":   newRESTRequest("lambda"),
	"xray":     newRESTRequest("xray"),

	"cloudwatch":     newFormRequest("monitoring"),
	"secretsmanager": newJSONRequest("secretsmanager", "secretsmanager", "1.1"),
}

func newJSONRequest(service, prefix, version string) func(*testing.T, string, string) awsmodel.Request {
	return func(t *testing.T, operation, body string) awsmodel.Request {
		return newRequest(t, service, "POST /", body,
			"X-Amz-Target", prefix+"."+operation, "Content-Type", "application/x-amz-json-"+version)
	}
}

func newFormRequest(service string) func(*testing.T, string, string) awsmodel.Request {
	return func(t *testing.T, operation, body string) awsmodel.Request {
		return newRequest(t, service, "POST /", "Action="+operation+"&Version=2010&"+body,
			"Content-Type", "application/x-www-form-urlencoded")
	}
}

// newRESTRequest makes requests from lines with headers after them: "PUT /b/k; x-amz-acl: none".
func newRESTRequest(service string) func(*testing.T, string, string) awsmodel.Request {
	return func(t *testing.T, line, body string) awsmodel.Request {
		parts := strings.Split(line, "; ")
		var header []string
		for _, h := range parts[1:] {
			name, value, _ := strings.Cut(h, ": ")
			header = append(header, name, value)
		}
		return newRequest(t, service, parts[0], body, header...)
	}
}

func TestEachRuleIsFoundInEachProtocol(t *testing.T) {
	t.Parallel()
	models := awsmodel.RequireModels(t)
	const uuid = "00000000-0000-0000-0000-000000000000"
	const parts = `<CompleteMultipartUpload>` +
		`<Part><ETag>e</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>`
	for _, tt := range []struct {
		name, kind, line, body string
		want                   string // operation, and of each broken rule member and rule
	}{
		{
			"json", "dynamodb", "GetItem", `{"TableName":"t","Key":{"pk":{"S":"v"}},"ConsistentRead":true}`,
			"dynamodb GetItem",
		},
		{"json null", "dynamodb", "GetItem", `{"TableName":"t","Key":{},"ConsistentRead":null}`, "dynamodb GetItem"},
		{"json", "dynamodb", "GetItem", `{"TableName":"t"}`, "dynamodb GetItem: Key: required"},
		{"json", "dynamodb", "GetItem", `{"TableName":"","Key":{}}`, "dynamodb GetItem: TableName: length"},
		{
			"json", "dynamodb", "GetItem", `{"TableName":"t","Key":{},"Index":1}`,
			"dynamodb GetItem: Index: unknown member",
		},
		{"json", "dynamodb", "GetItem", `{"TableName":7,"Key":{}}`, "dynamodb GetItem: TableName: type"},
		{
			"json, of a nested member", "dynamodb", "GetItem", `{"TableName":"t","Key":{"pk":{"BOOL":"yes"}}}`,
			"dynamodb GetItem: Key.pk.BOOL: type",
		},
		{
			"json", "dynamodb", "Query", `{"TableName":"t","IndexName":"no space"}`,
			"dynamodb Query: IndexName: pattern",
		},
		{"json", "dynamodb", "Query", `{"TableName":"t","Limit":0}`, "dynamodb Query: Limit: range"},
		{"json", "dynamodb", "Query", `{"TableName":"t","Limit":1.5}`, "dynamodb Query: Limit: type"},
		{
			"json", "dynamodb", "Query", `{"TableName":"t","Select":"EVERYTHING"}`,
			"dynamodb Query: Select: enum",
		},
		{
			"json, of a list", "dynamodb", "TransactWriteItems", `{"TransactItems":[]}`,
			"dynamodb TransactWriteItems: TransactItems: length",
		},
		{
			"json, in a list", "dynamodb", "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"t"}}]}`,
			"dynamodb TransactWriteItems: TransactItems[0].Put.Item: required",
		},
		{"json", "dynamodb", "GetItems", `{}`, "dynamodb: operation"},
		{
			"json", "sqs", "SendMessage", `{"QueueUrl":"u","MessageBody":"b","DelaySeconds":"1"}`,
			"sqs SendMessage: DelaySeconds: type",
		},
		{
			"json, of a map's key", "sqs", "SendMessage",
			`{"QueueUrl":"u","MessageBody":"b","MessageSystemAttributes":{"Trace":{"DataType":"String"}}}`,
			"sqs SendMessage: MessageSystemAttributes key Trace: enum",
		},
		{"json", "secretsmanager", "GetSecretValue", `{"SecretId":"s"}`, "secretsmanager GetSecretValue"},
		{"json", "secretsmanager", "GetSecretValue", `{}`, "secretsmanager GetSecretValue: SecretId: required"},
		{
			"form", "sns", "Publish",
			"Message=m&MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=String", "sns Publish",
		},
		{"form", "sns", "Publish", "TopicArn=t", "sns Publish: Message: required"},
		{"form", "sns", "Publish", "Message=m&Topic=t", "sns Publish: Topic: unknown member"},
		{
			"form, in a map", "sns", "Publish",
			"Message=m&MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.StringValue=v",
			"sns Publish: MessageAttributes.n.DataType: required",
		},
		{
			"form", "sns", "Publish", "Message=m&MessageAttributes.1.Name=n",
			"sns Publish: MessageAttributes: type",
		},
		{"form", "sns", "Shout", "Message=m", "sns: operation"},
		{
			"form", "cloudwatch", "GetMetricData", "StartTime=now&EndTime=2026-11-28T00:00:00Z&MetricDataQueries=",
			"monitoring GetMetricData: StartTime: type",
		},
		{
			"form", "cloudwatch", "GetMetricData",
			"StartTime=2026-11-28T00:00:00Z&EndTime=2026-11-28T00:00:00Z&MetricDataQueries.member.2.Id=q",
			"monitoring GetMetricData: MetricDataQueries: type",
		},
		{"xml", "s3", "POST /b/k?uploadId=u", parts, "s3 CompleteMultipartUpload"},
		{
			"xml", "s3", "POST /b/k?uploadId=u", strings.ReplaceAll(parts, "1", "one"),
			"s3 CompleteMultipartUpload: MultipartUpload.Parts[0].PartNumber: type",
		},
		{
			"xml", "s3", "POST /b/k?uploadId=u", strings.ReplaceAll(parts, "ETag", "Tag"),
			"s3 CompleteMultipartUpload: MultipartUpload.Parts[0].Tag: unknown member",
		},
		{
			"xml", "s3", "POST /b/k?uploadId=u", strings.ReplaceAll(parts, "CompleteM", "M"),
			"s3 CompleteMultipartUpload: MultipartUpload: type",
		},
		{
			"xml", "s3", "POST /b?delete; Content-MD5: digest", `<Delete><Quiet>true</Quiet></Delete>`,
			"s3 DeleteObjects: Delete.Objects: required",
		},
		{
			"xml", "s3", "POST /b?delete; X-Amz-Checksum-Crc32: digest",
			`<Delete><Object><Key>k</Key></Object><Object><Key></Key></Object></Delete>`,
			"s3 DeleteObjects: Delete.Objects[1].Key: length",
		},
		{
			"xml", "s3", "POST /b?delete", `<Delete><Object><Key>k</Key></Object></Delete>`,
			"s3 DeleteObjects: checksum of the body: required",
		},
		{
			"rest", "s3", "GET /b/k; X-Amz-Checksum-Crc32: digest", "",
			"s3 GetObject: X-Amz-Checksum-Crc32: unknown member",
		},
		{"rest", "s3", "GET /b?list-type=2&prefix=a", "", "s3 ListObjectsV2"},
		{"rest", "s3", "GET https://b.s3.eu-central-1.amazonaws.com/a/k?x-id=GetObject", "", "s3 GetObject"},
		{"rest", "s3", "HEAD /b/k; X-Amz-Checksum-Mode: DISABLED", "", "s3 HeadObject: ChecksumMode: enum"},
		{"rest", "s3", "PUT /b/k; X-Amz-Metadata-Title: t", "", "s3 PutObject: X-Amz-Metadata-Title: unknown member"},
		{"rest", "s3", "PUT /b/k; X-Amz-Meta-Title: t", "", "s3 PutObject"},
		{"rest", "s3", "PUT /b/k?part=1", "", "s3 PutObject: part: unknown member"},
		{"rest", "s3", "PUT /b/k?partNumber=1&uploadId=u", "bytes", "s3 UploadPart"},
		{"rest", "s3", "PUT /b/k?partNumber=1", "bytes", "s3 UploadPart: UploadId: required"},
		{"rest", "s3", "PUT /b/k?partNumber=a&uploadId=u", "bytes", "s3 UploadPart: PartNumber: type"},
		{
			"rest", "s3", "PUT /b/k?partNumber=1&uploadId=u; X-Amz-Copy-Source: key", "",
			"s3 UploadPartCopy: CopySource: pattern",
		},
		{
			"rest", "s3", "GET /b/k; If-Modified-Since: yesterday", "", "s3 GetObject: IfModifiedSince: type",
		},
		{
			"rest, with two faults", "s3", "POST /b/k?begin", "",
			"s3 CompleteMultipartUpload: UploadId: required: begin: unknown member",
		},
		{
			"rest", "lambda", "POST /2015-03-31/functions/f/invocations; X-Amz-Invocation-Type: Event", `{"a":1}`,
			"lambda Invoke",
		},
		{
			"rest", "lambda", "POST /2015-03-31/functions/f/invocations; X-Amz-Invocation-Type: Soon", `{}`,
			"lambda Invoke: InvocationType: enum",
		},
		{
			"rest", "lambda", "POST /2015-03-31/functions/a%20b/invocations", `{}`,
			"lambda Invoke: FunctionName: pattern",
		},
		{
			"rest", "lambda", "PUT /2015-03-31/event-source-mappings/" + uuid,
			`{"ScalingConfig":{"MaximumConcurrency":1}}`,
			"lambda UpdateEventSourceMapping: ScalingConfig.MaximumConcurrency: range",
		},
		{
			"rest", "lambda", "PUT /2015-03-31/event-source-mappings/" + uuid, `{"UUID":"` + uuid + `"}`,
			"lambda UpdateEventSourceMapping: UUID: type",
		},
		{"rest", "lambda", "POST /2015-03-31/functions/f/call", `{}`, "lambda: operation"},
		{
			"rest", "xray", "POST /TraceSummaries", `{"StartTime":1,"EndTime":"2026-11-28T00:00:00Z"}`,
			"xray GetTraceSummaries: EndTime: type",
		},
		{
			"rest, of a union", "xray", "POST /UpdateIndexingRule", `{"Name":"Default","Rule":{}}`,
			"xray UpdateIndexingRule: Rule: union",
		},
		{"rest", "xray", "POST /Traces", `{"TraceIds":[""]}`, "xray BatchGetTraces: TraceIds[0]: length"},
	} {
		t.Run(tt.name+" "+tt.want, func(t *testing.T) {
			t.Parallel()
			operation, found := models.Check(requestKinds[tt.kind](t, tt.line, tt.body))
			got := operation.String()
			for _, v := range found {
				got += ": " + strings.TrimPrefix(v.Member+": "+string(v.Rule), ": ")
			}
			if diff := cmp.Diff(tt.want, strings.TrimSuffix(got, " ")); diff != "" {
				t.Errorf("found %v, differs (-want +got):\n%s", found, diff)
			}
		})
	}
}

func TestUnsignedRequestIsFound(t *testing.T) {
	t.Parallel()
	models := awsmodel.RequireModels(t)
	for _, service := range []string{"", "sts"} {
		if _, found := models.Check(newRequest(t, service, "GET /", "")); len(found) != 1 {
			t.Errorf("signed for %q: found %v", service, found)
		}
	}
}
