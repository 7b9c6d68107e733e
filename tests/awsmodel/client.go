package awsmodel

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// NewClient returns an HTTP client for AWS's SDK that checks each request, fails the test for each rule that one
// breaks, and sends it with next. Without models, it returns next.
func NewClient(t testing.TB, next aws.HTTPClient) aws.HTTPClient {
	t.Helper()
	models, err := loadRepositoryModels()
	if errors.Is(err, fs.ErrNotExist) {
		t.Logf("requests are not checked: %v; `make tools` gets the models", err)
		return next
	}
	if err != nil {
		t.Fatal(err)
	}
	return checkingClient{t, models, next}
}

// NewConfig returns a configuration for clients of AWS's SDK whose requests are checked and sent nowhere: answer
// returns the body of each response.
func NewConfig(t testing.TB, answer func(*http.Request) string) aws.Config {
	t.Helper()
	return aws.Config{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "session"),
		HTTPClient: NewClient(t, answerer(answer)), Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// answerer answers requests.
type answerer func(*http.Request) string

// Do answers a request.
func (a answerer) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a(r))), Request: r,
	}, nil
}

// RequireModels returns the models. It skips the test if there are none.
func RequireModels(t testing.TB) Models {
	t.Helper()
	models, err := loadRepositoryModels()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%v; `make tools` gets the models", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return models
}

// CheckSignedURL fails the test for each rule that a request to a presigned URL breaks, and returns its operation.
func CheckSignedURL(t testing.TB, method, signed string) Operation {
	t.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	operation, found := RequireModels(t).Check(Request{Method: method, URL: u, Header: http.Header{}})
	for _, v := range found {
		t.Errorf("AWS would reject a request to a signed URL: %s", v)
	}
	return operation
}

// loadRepositoryModels loads the models in build/botocore of the repository in which the test runs.
var loadRepositoryModels = sync.OnceValues(func() (Models, error) {
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return Load(filepath.Join(dir, "build", "botocore"))
})

// checkingClient checks requests before it sends them.
type checkingClient struct {
	t      testing.TB
	models Models
	next   aws.HTTPClient
}

// Do checks a request and sends it.
func (c checkingClient) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	_, found := c.models.Check(Request{Method: r.Method, URL: r.URL, Header: r.Header, Body: body})
	for _, v := range found {
		c.t.Errorf("AWS would reject a request: %s", v)
	}
	return c.next.Do(r)
}
