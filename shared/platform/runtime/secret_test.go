package runtime

import (
	"net/http"
	"testing"

	"sluice/tests/awsmodel"
)

func TestSecretIsReadByARN(t *testing.T) {
	t.Setenv("SLUICE_KEY", "arn:aws:secretsmanager:eu-central-1:1:secret:key-abcdef")
	r := Runtime{awsConfig: awsmodel.NewConfig(t, func(*http.Request) string { return `{"SecretString":"s"}` })}
	if got, err := r.Secret("SLUICE_KEY")(t.Context()); got != "s" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
