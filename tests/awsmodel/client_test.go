package awsmodel_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sluice/tests/awsmodel"
)

// failingTest records what would fail a test.
type failingTest struct {
	testing.TB
	failures []string
}

func (f *failingTest) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func TestClientFailsTestWithInvalidRequest(t *testing.T) {
	t.Parallel()
	awsmodel.RequireModels(t)
	inner := &failingTest{TB: t}
	c := s3.NewFromConfig(awsmodel.NewConfig(inner, func(*http.Request) string { return "" }))
	list := func(encoding types.EncodingType) {
		t.Helper()
		in := &s3.ListObjectsV2Input{Bucket: aws.String("b"), EncodingType: encoding}
		if _, err := c.ListObjectsV2(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	list(types.EncodingTypeUrl)
	if inner.failures != nil {
		t.Errorf("a valid request: %v", inner.failures)
	}
	list("none")
	if len(inner.failures) != 1 || !strings.Contains(inner.failures[0], "s3 ListObjectsV2: EncodingType: enum: ") {
		t.Errorf("got %q", inner.failures)
	}
}
