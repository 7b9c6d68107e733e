package awsclient

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// In a function, the configuration is that of the SDK's own package.
func TestConfigIsThatOfSDK(t *testing.T) {
	for _, endpoint := range []string{"", "http://127.0.0.1:4566"} {
		for name, value := range map[string]string{
			"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
			"AWS_SESSION_TOKEN": "token", "AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_XRAY": endpoint,
			"AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none", "AWS_PROFILE": "",
		} {
			t.Setenv(name, value)
		}
		want, err := config.LoadDefaultConfig(t.Context(), config.WithAppID("sluice-api"))
		if err != nil {
			t.Fatal(err)
		}
		got := LoadConfig("sluice-api")
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(aws.Config{}),
			cmpopts.IgnoreFields(aws.Config{}, "Credentials", "ConfigSources", "HTTPClient", "Retryer", "Logger",
				"RuntimeEnvironment", "EndpointResolver", "EndpointResolverWithOptions",
				"RestrictFilePermissions")); d != "" { // of files with credentials
			t.Errorf("at %q: -SDK +ours:\n%s", endpoint, d)
		}
		for _, c := range []aws.Config{want, got} {
			secret, err := c.Credentials.Retrieve(t.Context())
			if err != nil || secret.AccessKeyID != "key" || secret.SecretAccessKey != "secret" ||
				secret.SessionToken != "token" {
				t.Errorf("credentials %+v, %v", secret, err)
			}
		}
	}
}

func TestXRayMayHaveAnotherEndpoint(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_ENDPOINT_URL_XRAY", "http://127.0.0.1:2")
	c := LoadConfig("a")
	if got := aws.ToString(sqs.NewFromConfig(c).Options().BaseEndpoint); got != "http://127.0.0.1:1" {
		t.Errorf("SQS is at %q", got)
	}
	if got := aws.ToString(xray.NewFromConfig(c).Options().BaseEndpoint); got != "http://127.0.0.1:2" {
		t.Errorf("X-Ray is at %q", got)
	}
	_, found, err := endpoints{}.GetServiceBaseEndpoint(context.Background(), "SQS")
	if found || err != nil {
		t.Errorf("SQS has an endpoint of its own: %v", err)
	}
}
