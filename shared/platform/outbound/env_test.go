package outbound

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/shared/domain/errs"
)

// testServer is a server that stands for the internet: its address is the only one on this machine that may be
// connected to. All other addresses are checked as in production. Its certificate is for names that end in
// .example.com.
type testServer struct {
	*httptest.Server
	*dnsServer
	dialedAddresses []string // addresses that were checked for a connection
}

func startTestServer(t *testing.T, h http.HandlerFunc) *testServer {
	t.Helper()
	s := &testServer{Server: httptest.NewUnstartedServer(h), dnsServer: &dnsServer{names: map[string][]string{}}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// newTestClient returns a client that may also connect to the server.
func (s *testServer) newTestClient(l requestLimits) *Client {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	own := s.Listener.Addr().String()
	return newClient(l, func(network, address string, c syscall.RawConn) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.dialedAddresses = append(s.dialedAddresses, address)
		if address == own {
			return nil
		}
		return allowPublic(network, address, c)
	}, roots, &net.Resolver{PreferGo: true, Dial: s.dialServer})
}

// urlFor returns a URL of the server with one of its names.
func (s *testServer) urlFor(name, path string) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return "https://" + name + ":" + port + path
}

// dnsServer is a name server. It gives a name's addresses one after the other, and the last one from then on.
type dnsServer struct {
	mu    sync.Mutex
	names map[string][]string
}

func (s *dnsServer) dialServer(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go s.serveQuery(server)
	return client, nil
}

// serveQuery answers one query over TCP: RFC 1035, sections 4.1 and 4.2.2.
func (s *dnsServer) serveQuery(c net.Conn) {
	defer c.Close()
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return
	}
	q := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(c, q); err != nil {
		return
	}
	end := 12 + slices.Index(q[12:], 0) + 5 // name, type, class
	out := append(slices.Clone(q[:2]), 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
	out = append(out, q[12:end]...)
	a, known := s.answerQuery(q[12:end])
	switch {
	case !known:
		out[3] |= 3 // no such name
	case a.IsValid():
		out[7] = 1
		typ := byte(1)
		if a.Is6() {
			typ = 28
		}
		out = append(out, 0xc0, 12, 0, typ, 0, 1, 0, 0, 0, 0, 0, byte(a.BitLen()/8))
		out = append(out, a.AsSlice()...)
	}
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
}

// answerQuery returns the address for a question, the zero address if the name has none of that type; false: there is
// no such name.
func (s *dnsServer) answerQuery(question []byte) (netip.Addr, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var labels []string
	for q := question; q[0] > 0; q = q[1+q[0]:] {
		labels = append(labels, string(q[1:1+q[0]]))
	}
	name := strings.ToLower(strings.Join(labels, "."))
	answers, known := s.names[name]
	if !known {
		return netip.Addr{}, false
	}
	a := netip.MustParseAddr(answers[0])
	if wantsIPv6 := question[len(question)-3] == 28; wantsIPv6 != a.Is6() {
		return netip.Addr{}, true
	}
	if len(answers) > 1 {
		s.names[name] = answers[1:]
	}
	return a, true
}

// readAll gets a URL and returns the body.
func readAll(ctx context.Context, c *Client, url string, most int64) (string, error) {
	res, err := c.Get(ctx, url, nil, most)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

// wantError checks the kind and code of err, and that its text does not contain the URL's query.
func wantError(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || string(e.Code) != code || e.Message == "" {
		t.Fatalf("%v, want %s %s", err, kind, code)
	}
	if strings.Contains(err.Error(), "sig=") {
		t.Errorf("the URL is in %v", err)
	}
}

// shortLimits returns limits that are reached within a second.
func shortLimits() requestLimits {
	l := defaultLimits
	l.idleTimeout, l.headerTimeout, l.totalTimeout = 200*time.Millisecond, 200*time.Millisecond, 2*time.Second
	return l
}
