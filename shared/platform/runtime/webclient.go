package runtime

import (
	"fmt"
	"os"
	"strings"

	"sluice/shared/domain/services"
	"sluice/shared/platform/outbound"
)

// WebClient returns a client for https URLs at public addresses. In a local cloud, a setting allows servers on the same
// machine, too; with that setting anywhere else, the process ends.
func (r Runtime) WebClient() *outbound.Client {
	c, err := newWebClient()
	exitOnError(r.Log, err)
	return c
}

func newWebClient() (*outbound.Client, error) {
	file := os.Getenv(services.EnvFetchCA)
	if file == "" {
		return outbound.New(), nil
	}
	ca, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", services.EnvFetchCA, err)
	}
	return outbound.NewWithLoopback(os.Getenv("AWS_ENDPOINT_URL"), ca)
}

// ProducerBuckets returns the names of the buckets that originals may be fetched from.
func (Runtime) ProducerBuckets() []string {
	return strings.FieldsFunc(os.Getenv(services.EnvProducerBuckets), func(r rune) bool { return r == ',' })
}
