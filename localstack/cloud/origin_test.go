package cloud

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// The file is made once. A client that trusts it trusts a server on 127.0.0.1 with its key.
func TestOriginCertificateIsTrusted(t *testing.T) {
	t.Parallel()
	c := &Cloud{Root: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(c.Root, "build"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := c.makeOriginCert(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(originCertPath(c.Root))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.makeOriginCert(); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(originCertPath(c.Root)); err != nil || !bytes.Equal(text, again) {
		t.Errorf("it is made anew: %v", err)
	}
	cert, err := Env{Root: c.Root}.OriginCertificate()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "video")
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	client := &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
	}
	res, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}
