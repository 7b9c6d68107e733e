package webclient

import (
	"testing"

	"sluice/shared/domain/services"
)

// Elsewhere, a function with the setting does not start.
func TestPrivateFetchIsAllowedOnlyInLocalClouds(t *testing.T) {
	if _, err := newWebClient(); err != nil {
		t.Error(err)
	}
	t.Setenv(services.EnvFetchCA, "web_test.go") // exists, and is no certificate
	for _, endpoint := range []string{"", "https://sqs.eu-central-1.amazonaws.com"} {
		t.Setenv("AWS_ENDPOINT_URL", endpoint)
		if c, err := newWebClient(); err == nil || c != nil {
			t.Errorf("with AWS at %q it starts", endpoint)
		}
	}
	t.Setenv(services.EnvFetchCA, "nowhere.pem")
	if _, err := newWebClient(); err == nil {
		t.Error("without the file it starts")
	}
}
