package outbound

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/errs"
)

// rawResponse writes these pieces to the connection, with a pause after each. After that it waits until the client
// closes the connection, unless pause is 0.
func rawResponse(pause time.Duration, pieces ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		tick := time.NewTicker(max(pause, 1))
		defer tick.Stop()
		for _, p := range pieces {
			if _, err := io.WriteString(c, p); err != nil {
				return
			}
			<-tick.C
		}
		if pause > 0 {
			_, _ = c.Read(make([]byte, 1))
		}
	}
}

// Time and bytes of a response are limited.
func TestHostileHostsAreBounded(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	drip := strings.Split(strings.Repeat("x", 99), "")
	for _, tt := range []struct {
		name string
		h    http.HandlerFunc
		kind errs.Kind
		code string
	}{
		{"no response", rawResponse(time.Hour), errs.Transient, "source_slow"},
		{
			"a header that never ends", rawResponse(20*time.Millisecond, append([]string{ok, "X: "}, drip...)...),
			errs.Transient, "source_slow",
		},
		{
			"a header that is too large", rawResponse(0, ok, "X: "+strings.Repeat("x", 80<<10)+"\r\n\r\n"),
			errs.Transient, "source_unreachable",
		},
		{
			"a body that stops", rawResponse(time.Hour, ok+"Content-Length: 50\r\n\r\nfilm"), errs.Transient,
			"source_slow",
		},
		{
			"a body that drips",
			rawResponse(20*time.Millisecond, append([]string{ok + "Content-Length: 99\r\n\r\n"}, drip...)...),
			errs.Transient, "source_slow",
		},
		{
			"Content-Length above the limit", rawResponse(0, ok+"Content-Length: 101\r\n\r\n"), errs.TooLarge,
			"source_too_large",
		},
		{
			"a body above the limit", rawResponse(0, ok+"Connection: close\r\n\r\n"+strings.Repeat("x", 200)),
			errs.TooLarge, "source_too_large",
		},
		{"chunks that never end", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, "film"); err != nil {
					return
				}
			}
		}, errs.TooLarge, "source_too_large"},
		{
			"a body shorter than Content-Length", rawResponse(0, ok+"Content-Length: 50\r\n\r\nfilm"), errs.Transient,
			"source_cut_short",
		},
		{
			"chunks that break off", rawResponse(0, ok+"Transfer-Encoding: chunked\r\n\r\n4\r\nfilm\r\n"),
			errs.Transient, "source_cut_short",
		},
		{"not HTTP", rawResponse(0, "SSH-2.0-OpenSSH\r\n"), errs.Transient, "source_unreachable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := startTestServer(t, tt.h)
			s.names["films.example.com"] = []string{"127.0.0.1"}
			_, err := readAll(
				t.Context(), s.newTestClient(shortLimits()), s.urlFor("films.example.com", "/?sig=secret"), 100,
			)
			wantError(t, err, tt.kind, tt.code)
		})
	}
}

func TestBodyOfMaximumSizeIsRead(t *testing.T) {
	t.Parallel()
	const all = "a film of 20 bytes.."
	for name, h := range map[string]http.HandlerFunc{
		"of a length": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, all) },
		"in chunks": func(w http.ResponseWriter, r *http.Request) {
			for _, c := range all {
				fmt.Fprint(w, string(c))
				w.(http.Flusher).Flush()
			}
		},
		"more than it says": rawResponse(0, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"+all+" and more"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startTestServer(t, h)
			s.names["films.example.com"] = []string{"127.0.0.1"}
			if got, err := readAll(
				t.Context(), s.newTestClient(defaultLimits), s.urlFor("films.example.com", "/"), 20,
			); got != all || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// The client does not decompress, uses no proxy, and sends no other headers than the given ones.
func TestRequestsHaveNoProxyCookieOrCompression(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("https_proxy", "http://127.0.0.1:1")
	s := startTestServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Content-Encoding", "gzip")
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/film.mp4", http.StatusSeeOther)
			return
		}
		_ = r.Header.Write(w)
	})
	s.names["films.example.com"] = []string{"127.0.0.1"}
	res, err := s.newTestClient(defaultLimits).Get(
		t.Context(), s.urlFor("films.example.com", "/"), http.Header{"Range": {"bytes=3-"}}, 999,
	)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if want := "Connection: close\r\nRange: bytes=3-\r\nUser-Agent: Sluice\r\n"; string(got) != want || err != nil {
		t.Errorf("headers %q, %v", got, err)
	}
}

func TestUnreachableHostsFailWithCode(t *testing.T) {
	t.Parallel()
	s := startTestServer(t, nil)
	s.names["films.example.com"], s.names["films.example.org"] = []string{"127.0.0.1"}, []string{"127.0.0.1"}
	_, err := readAll(t.Context(), s.newTestClient(defaultLimits), s.urlFor("films.example.org", "/"), 9)
	wantError(t, err, errs.Invalid, "url_not_trusted")
	_, err = readAll(t.Context(), s.newTestClient(defaultLimits), s.urlFor("nowhere.example.com", "/"), 9)
	wantError(t, err, errs.Invalid, "url_host_unknown")
	s.Close()
	_, err = readAll(t.Context(), s.newTestClient(defaultLimits), s.urlFor("films.example.com", "/"), 9)
	wantError(t, err, errs.Transient, "source_unreachable")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = readAll(ctx, s.newTestClient(defaultLimits), s.urlFor("films.example.com", "/"), 9)
	wantError(t, err, errs.Transient, "source_unreachable")
}

// A client for a local cloud may connect to this machine; without a local cloud there is no such client.
func TestLoopbackIsAllowedForLocalCloudOnly(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "film") }))
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	c, err := NewWithLoopback("http://127.0.0.1:4566", ca)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(t.Context(), c, s.URL, 9); got != "film" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	_, err = readAll(t.Context(), c, "https://169.254.169.254/", 9)
	wantError(t, err, errs.Invalid, "url_not_public")
	_, err = readAll(t.Context(), New(), s.URL, 9)
	wantError(t, err, errs.Invalid, "url_port_refused")
	for _, endpoint := range []string{
		"", "https://s3.eu-central-1.amazonaws.com", "http://10.0.0.1:4566", "http://127.0.0.1.example.com:80",
		"127.0.0.1:4566",
	} {
		if _, err := NewWithLoopback(endpoint, ca); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	if _, err := NewWithLoopback(
		"http://127.0.0.1:4566", bytes.Repeat([]byte("x"), 9),
	); errs.KindOf(err) != errs.Invalid {
		t.Error(err)
	}
}
