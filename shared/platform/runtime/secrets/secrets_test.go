package secrets

import (
	"net/http"
	"testing"

	"sluice/shared/domain/services"
	"sluice/shared/platform/runtime"
	"sluice/tests/awsmodel"
)

func TestSecretIsReadByARN(t *testing.T) {
	t.Setenv("SLUICE_KEY", "arn:aws:secretsmanager:eu-central-1:1:secret:key-abcdef")
	cfg := awsmodel.NewConfig(t, func(*http.Request) string { return `{"SecretString":"s"}` })
	r := runtime.NewFrom(services.Service{}, nil, cfg)
	if got, err := NewReader(r, "SLUICE_KEY")(t.Context()); got != "s" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
