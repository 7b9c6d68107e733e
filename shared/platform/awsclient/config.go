package awsclient

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"
)

// LoadConfig returns the configuration of clients in a Lambda function, from the variables that Lambda sets
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html) and those for the URLs of a local cloud:
// AWS_ENDPOINT_URL, and AWS_ENDPOINT_URL_XRAY for X-Ray. It is what config.LoadDefaultConfig returns there. Package
// config also looks for other sources of credentials, whose clients take 1 MB and 1 ms of each start.
func LoadConfig(appID string) aws.Config {
	c := aws.Config{
		Region: os.Getenv("AWS_REGION"), AppID: appID, Logger: logging.NewStandardLogger(os.Stderr),
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN"))),
		ConfigSources: []any{endpoints{}}, DefaultsMode: aws.DefaultsModeLegacy,
		RequestMinCompressSizeBytes: 10240,
		AccountIDEndpointMode:       aws.AccountIDEndpointModePreferred,
		RequestChecksumCalculation:  aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation:  aws.ResponseChecksumValidationWhenSupported,
	}
	if url := os.Getenv("AWS_ENDPOINT_URL"); url != "" {
		c.BaseEndpoint = &url
	}
	return c
}

// endpoints tells clients the URLs of single services
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
type endpoints struct{}

// GetServiceBaseEndpoint returns the URL of a service.
func (endpoints) GetServiceBaseEndpoint(_ context.Context, sdkID string) (string, bool, error) {
	url := ""
	if sdkID == "XRay" {
		url = os.Getenv("AWS_ENDPOINT_URL_XRAY")
	}
	return url, url != "", nil
}
