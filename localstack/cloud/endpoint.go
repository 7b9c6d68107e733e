package cloud

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// newEndpointEmulator returns the server that AWS_ENDPOINT_URL names, such as the one of compose.yaml. It is like
// LocalStack, and somebody else starts and stops it. AWS itself is an error.
func newEndpointEmulator() (*emulator, error) {
	text := strings.TrimRight(os.Getenv("AWS_ENDPOINT_URL"), "/")
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.Path != "" {
		return nil, fmt.Errorf("CLOUD=endpoint needs an AWS_ENDPOINT_URL such as http://127.0.0.1:4566, and it is %q",
			text)
	}
	if host := at.Hostname(); strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".aws") {
		return nil, errors.New("AWS_ENDPOINT_URL is AWS itself: CLOUD=endpoint is for emulators")
	}
	return &emulator{
		name: "endpoint", venv: miniStack.venv, dataDir: "cloud-endpoint", url: text,
		checkNeeds: miniStack.checkNeeds, install: miniStack.install, // has pip, which InstallTools needs
	}, nil
}
