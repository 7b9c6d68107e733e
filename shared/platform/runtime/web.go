package runtime

import (
	"fmt"
	"os"
	"strings"

	"sluice/shared/domain/services"
	"sluice/shared/platform/outbound"
)

// Web returns what https URLs lead to, at public addresses only. A local cloud may be told to fetch from servers on its
// own machine too; anything else that is told so does not start: the process
// ends.
func (k Kit) Web() *outbound.Client {
	c, err := web()
	must(k.Log, err)
	return c
}

func web() (*outbound.Client, error) {
	file := os.Getenv(services.EnvFetchCA)
	if file == "" {
		return outbound.New(), nil
	}
	ca, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", services.EnvFetchCA, err)
	}
	return outbound.Beside(os.Getenv("AWS_ENDPOINT_URL"), ca)
}

// Producers returns the names of the buckets that originals may be fetched from.
func (Kit) Producers() []string {
	return strings.FieldsFunc(os.Getenv(services.EnvProducers), func(r rune) bool { return r == ',' })
}
