package cloud

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
)

const testTemplate = `{
	"Resources": {
		"B1": {"Type": "AWS::S3::Bucket", "Properties": {
			"LifecycleConfiguration": {"Rules": [
				{"Id": "old", "Status": "Enabled", "Prefix": "t/", "ExpirationInDays": 30,
					"Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 14}]},
				{"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}}]},
			"BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}}},
		"Plain": {"Type": "AWS::S3::Bucket"},
		"Q": {"Type": "AWS::SQS::Queue", "Properties": {}},
		"T1": {"Type": "AWS::DynamoDB::Table", "Properties": {
			"TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true},
			"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
			"SSESpecification": {"SSEEnabled": true}}}
	},
	"Outputs": {"Bucket": {"Value": {"Ref": "B1"}}, "Other": {"Value": {"Ref": "Plain"}}, "Table": {"Value": {"Ref": "T1"}}, "Text": {"Value": "x"}}
}`

// newRecorder returns a cloud whose services are a server that records requests, and the requests.
func newRecorder(t *testing.T, template string) (*Cloud, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		asked = append(asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+action)+" "+string(body))
		if action != "" {
			io.WriteString(w, "{}")
		}
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := &Cloud{Root: t.TempDir(), Out: io.Discard, url: server.URL}
	c.Port, _ = strconv.Atoi(at.Port())
	if err := os.MkdirAll(c.buildPath("cdk.local"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, c.buildPath("cdk.local", "Sluice.template.json"), []byte(template))
	return c, &asked
}

func TestApplyDroppedPropertiesCallsServices(t *testing.T) {
	t.Parallel()
	c, asked := newRecorder(t, testTemplate)
	outputs := Outputs{"Sluice": {"Bucket": "bucket-1", "Other": "bucket-2", "Table": "table-1"}}
	if err := c.applyDroppedProperties(t.Context(), outputs); err != nil {
		t.Fatal(err)
	}
	const xmlns = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	want := []string{
		`PUT /bucket-1?lifecycle= <LifecycleConfiguration` + xmlns + `>` +
			`<Rule><Expiration><Days>30</Days></Expiration><Filter><Prefix>t/</Prefix></Filter><ID>old</ID><Status>Enabled</Status>` +
			`<Transition><Days>14</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>` +
			`<Rule><AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload>` +
			`<Filter><Prefix></Prefix></Filter><ID>rule-1</ID><Status>Enabled</Status></Rule></LifecycleConfiguration>`,
		`PUT /bucket-1?encryption= <ServerSideEncryptionConfiguration` + xmlns +
			`><Rule><ApplyServerSideEncryptionByDefault>` +
			`<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
		`POST / DescribeTimeToLive {"TableName":"table-1"}`,
		`POST / UpdateTimeToLive {"TableName":"table-1","TimeToLiveSpecification":{"AttributeName":"expires","Enabled":true}}`,
		`POST / UpdateContinuousBackups {"PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true},"TableName":"table-1"}`,
		`POST / UpdateTable {"SSESpecification":{"Enabled":true},"TableName":"table-1"}`,
	}
	if diff := cmp.Diff(want, *asked); diff != "" {
		t.Error(diff)
	}
}

func TestApplyDroppedPropertiesRejectsUnknown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, template, want string }{
		{"no JSON", `{`, "unexpected end"},
		{
			"a bucket without an output", `{"Resources":{"B":{"Type":"AWS::S3::Bucket","Properties":{}}}}`,
			"no output of the stack names B",
		},
		{
			"a rule that it would drop",
			`{"Outputs":{"B":{"Value":{"Ref":"B"}}},"Resources":{"B":{"Type":"AWS::S3::Bucket","Properties":` +
				`{"LifecycleConfiguration":{"Rules":[{"Status":"Enabled","TagFilters":[]}]}}}}}`,
			`unknown field "TagFilters"`,
		},
	} {
		cloud, asked := newRecorder(t, c.template)
		err := cloud.applyDroppedProperties(t.Context(), Outputs{"Sluice": {"B": "b"}})
		if err == nil || !strings.Contains(err.Error(), c.want) || len(*asked) > 0 {
			t.Errorf("%s: %v after %v", c.name, err, *asked)
		}
	}
}

func TestExpiryIsNotSetWhenAlreadyEnabled(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("X-Amz-Target"))
		io.WriteString(w, `{"TimeToLiveDescription":{"AttributeName":"expires","TimeToLiveStatus":"ENABLED"}}`)
	}))
	defer server.Close()
	cfg := Env{Endpoint: server.URL, Region: Region, key: endpointKey}.AWSConfig()
	properties := json.RawMessage(`{"TimeToLiveSpecification":{"AttributeName":"expires","Enabled":true}}`)
	if err := (tableAPI{dynamodb.NewFromConfig(cfg)}).applyProperties(t.Context(), "t", properties); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}
}
