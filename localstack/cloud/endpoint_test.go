package cloud

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestEndpointEmulatorRejectsBadAddresses(t *testing.T) {
	t.Setenv("CLOUD", "endpoint")
	t.Setenv("SLUICE_PORT", "")
	for _, tt := range []struct{ url, wrong string }{
		{"http://127.0.0.1:4566", ""},
		{"https://localhost.localstack.cloud:4566/", ""},
		{"", "needs an AWS_ENDPOINT_URL"},
		{"127.0.0.1:4566", "needs an AWS_ENDPOINT_URL"},
		{"http://127.0.0.1:4566/path", "needs an AWS_ENDPOINT_URL"},
		{"https://sqs.us-east-1.amazonaws.com", "is AWS itself"},
		{"https://sqs.us-east-1.api.aws", "is AWS itself"},
	} {
		t.Setenv("AWS_ENDPOINT_URL", tt.url)
		c, err := New(t.TempDir(), io.Discard)
		switch {
		case tt.wrong == "" && (err != nil || c.endpointURL() != strings.TrimRight(tt.url, "/")):
			t.Errorf("%s: %v, %v", tt.url, c, err)
		case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
			t.Errorf("%s: %v, want %q", tt.url, err, tt.wrong)
		}
	}
}

func TestEndpointCloudIsNotStartedOrStopped(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	t.Setenv("CLOUD", "endpoint")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	var said bytes.Buffer
	c, err := New(t.TempDir(), &said)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Status(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Down(t.Context()); err != nil || !strings.Contains(said.String(), "is not ours to stop") {
		t.Errorf("%v, said %s", err, said.String())
	}
	if err := c.ensureNearbyCollector(); err != nil { // the collector is started beside it
		t.Fatal(err)
	}
	s, _ := c.readServerState()
	if !c.collectorRuns(s) || s.Collector.API == "" {
		t.Errorf("no collector: %+v", s)
	}
	if err := errors.Join(c.Status(t.Context()), c.Down(t.Context())); err != nil || c.collectorRuns(s) {
		t.Errorf("the collector lives: %v, %v", c.collectorRuns(s), err)
	}
	ctx, stop := c.contextWhileAlive(t.Context(), os.Getpid())
	if err := c.Status(ctx); err != nil {
		t.Error(err)
	}
	stop()
	server.Close()
	if err := c.Status(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing answers") {
		t.Errorf("with nothing there: %v", err)
	}
}
