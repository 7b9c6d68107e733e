//go:build integration

// Package integration runs the conformance suites of the adapters against a local cloud.
package integration

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/oklog/ulid/v2"

	"sluice/tests/awsmodel"
)

// TestMain lowers the number of runs of each rapid property, because a step is a request. -rapid.checks raises it.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "10"); err != nil {
		panic(err)
	}
	m.Run()
}

// loadConfig returns the configuration for clients of the local cloud, with its root user's key. It has a fixed
// endpoint and region, so that no test can reach an AWS account.
func loadConfig(t *testing.T) aws.Config {
	t.Helper()
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	if endpoint == "" {
		t.Skip("AWS_ENDPOINT_URL is not set: no local cloud to test against; `make test` starts one")
	}
	cfg, err := config.LoadDefaultConfig(t.Context(),
		config.WithRegion("us-east-1"), config.WithBaseEndpoint(endpoint),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), "",
		)))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// loadCheckedConfig returns the same for the services that functions call: a request that breaks their models fails the
// test.
func loadCheckedConfig(t *testing.T) aws.Config {
	t.Helper()
	cfg := loadConfig(t)
	cfg.HTTPClient = awsmodel.NewClient(t, cfg.HTTPClient)
	return cfg
}

// temporaryName returns a unique name for a resource that the test removes.
func temporaryName(kind string) string {
	return "sluice-test-" + kind + "-" + strings.ToLower(ulid.Make().String())
}
