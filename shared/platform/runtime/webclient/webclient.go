// Package webclient makes the client of fetch for https URLs. It needs no AWS rights.
package webclient

import (
	"fmt"
	"os"

	"sluice/shared/domain/services"
	"sluice/shared/platform/outbound"
	"sluice/shared/platform/runtime"
)

// New returns a client for https URLs at public addresses. In a local cloud, a setting allows servers on the same
// machine, too; with that setting anywhere else, the process ends.
func New(r runtime.Runtime) *outbound.Client {
	c, err := newWebClient()
	r.ExitOnError(err)
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
