package awsmodel_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sluice/tests/awsmodel"
)

func TestRecordsAreRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "requests.jsonl")
	body := base64.StdEncoding.EncodeToString([]byte("text"))
	line := `{"method":"PUT","url":"/b/a%20b?x-id=PutObject","body":"` + body + `","header":{` +
		`"user-agent":"aws-sdk-go-v2/1.47.7 app/sluice-encode m/E","if-match":"\"e\""}}` + "\n"
	if err := os.WriteFile(path, []byte(line+line+`{"method":"G`), 0o644); err != nil {
		t.Fatal(err)
	}
	all, err := awsmodel.ReadRecords(path)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	r := all[1].Request
	if all[1].Service != "encode" || r.Method != "PUT" || r.URL.Path != "/b/a b" || string(r.Body) != "text" ||
		r.Header.Get("If-Match") != `"e"` {
		t.Errorf("got %+v", all[1])
	}
	if err := os.WriteFile(path, []byte("{\n"+line), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := awsmodel.ReadRecords(path); err == nil {
		t.Error("a broken line is no error")
	}
}

func TestIAMActionsOfRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operation awsmodel.Operation
		body      string
		want      []string
	}{
		{awsmodel.Operation{Service: "dynamodb", Name: "GetItem"}, "", []string{"dynamodb:GetItem"}},
		{awsmodel.Operation{Service: "s3", Name: "HeadObject"}, "", []string{"s3:GetObject"}},
		{
			awsmodel.Operation{Service: "dynamodb", Name: "TransactWriteItems"},
			`{"TransactItems":[{"Update":{}},{"Put":{}},{"Put":{}},{"ConditionCheck":{}}]}`,
			[]string{"dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
		},
	} {
		got := awsmodel.IAMActions(tt.operation, awsmodel.Request{Body: []byte(tt.body)})
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s needs %q, got %q", tt.operation, tt.want, got)
		}
	}
}
