// Package outbound is the only way from Sluice to addresses that others name: it gets what an https URL leads to, from
// public addresses only.
//
// The address is checked when the connection is made, after the name was resolved, and so at every redirect: a name
// that answers one thing when it is looked at and another when it is dialled gains nothing, nor does 127.0.0.1 written
// as a number, in hex or as IPv6. Refused is all that IANA has set aside for a special purpose
// (https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry), every port but 443, plain
// http, names without a dot or of private zones, and URLs that carry a password. There is no proxy, no cookie, no
// Referer and no decompression; each request has a connection of its own.
//
// It needs no AWS rights. Errors are video.Errors whose texts never hold the URL, which may be signed. Those that are
// final have a code and a sentence for whoever named the URL; Transient ones have them too, to be told once there is
// no other try.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"sluice/shared/domain/errs"
)

// requestLimits bound one request.
type requestLimits struct {
	maxRedirects   int
	dialTimeout    time.Duration // to be connected; the handshake has as long again
	headerTimeout  time.Duration // from the request to the last byte of the answer's header
	idleTimeout    time.Duration // between two bytes, and before rate counts
	minRate        int64         // bytes/s that an answer must bring on average
	totalTimeout   time.Duration // for all of it
	maxHeaderBytes int64
}

var defaultLimits = requestLimits{
	maxRedirects: 3, dialTimeout: 5 * time.Second, headerTimeout: 15 * time.Second, idleTimeout: 20 * time.Second, minRate: 64 << 10,
	totalTimeout: 15 * time.Minute, maxHeaderBytes: 64 << 10,
}

// Client gets what URLs lead to. It may be used by many at once.
type Client struct {
	requestLimits
	transport *http.Transport
}

// New returns a client that connects to public addresses only.
func New() *Client { return newClient(defaultLimits, allowPublic, nil, nil) }

// allowPublic are the addresses that may be connected to.
var allowPublic = ssrf.New(ssrf.WithPorts(443)).Safe

// connectionCheck decides, with the address in hand, whether a connection may be made.
type connectionCheck func(network, address string, c syscall.RawConn) error

// newClient returns a client with these limits. Nil roots are the system's, a nil resolver is Go's own: libc's would
// take 0x7f.1 for an address.
func newClient(l requestLimits, may connectionCheck, roots *x509.CertPool, names *net.Resolver) *Client {
	if names == nil {
		names = &net.Resolver{PreferGo: true}
	}
	dialer := &net.Dialer{Timeout: l.dialTimeout, Control: may, Resolver: names}
	return &Client{requestLimits: l, transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &minRateConn{Conn: c, requestLimits: l, started: time.Now()}, nil
		},
		TLSClientConfig:        &tls.Config{RootCAs: roots},
		TLSHandshakeTimeout:    l.dialTimeout,
		ResponseHeaderTimeout:  l.headerTimeout,
		MaxResponseHeaderBytes: l.maxHeaderBytes,
		DisableKeepAlives:      true,
		DisableCompression:     true,
	}}
}

// Get requests a URL with the given header and follows up to three redirects. The answer may have any status; its body
// ends with an error after most bytes and must be closed.
//
// Invalid: the URL, or one it redirects to, is not one that may be got (see [Parse]), its host is unknown, has no
// public address or no valid certificate, or there are too many redirects. TooLarge, from here or from the body: more
// than most bytes. Transient: all else, as a host that can't be reached, is slower than 64 KiB/s or breaks off.
func (c *Client) Get(ctx context.Context, address string, h http.Header, most int64) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.totalTimeout)
	res, err := c.followRedirects(ctx, address, h)
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = &limitedBody{ReadCloser: res.Body, cancel: cancel, remaining: most}
	if res.ContentLength > most {
		res.Body.Close()
		return nil, tooLarge.ToError("outbound.Get", errs.TooLarge, nil)
	}
	return res, nil
}

// followRedirects returns the first answer that leads nowhere else.
func (c *Client) followRedirects(ctx context.Context, address string, h http.Header) (*http.Response, error) {
	for range c.maxRedirects + 1 {
		u, err := ParseURL(address)
		if err != nil {
			return nil, err
		}
		res, err := c.sendRequest(ctx, u, h)
		if err != nil {
			return nil, wrapConnectionError("outbound.Get", err)
		}
		next := redirectTarget(res)
		if next == "" {
			return res, nil
		}
		res.Body.Close()
		to, err := u.Parse(next)
		if err != nil {
			return nil, urlInvalid.ToError("outbound.Get", errs.Invalid, nil)
		}
		address = to.String()
	}
	return nil, tooManyRedirects.ToError("outbound.Get", errs.Invalid, nil)
}

func (c *Client) sendRequest(ctx context.Context, u *url.URL, h http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header = h.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("User-Agent", "Sluice")
	return c.transport.RoundTrip(req)
}

// redirectTarget returns where an answer leads to; "" if it is one itself.
func redirectTarget(res *http.Response) string {
	switch res.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return res.Header.Get("Location")
	}
	return ""
}

// minRateConn is a connection that must bring bytes.
type minRateConn struct {
	net.Conn
	requestLimits
	started  time.Time
	received int64
}

// Read allows for as long as what came so far has earned, and for no longer pause than idle.
func (c *minRateConn) Read(p []byte) (int, error) {
	earned := c.started.Add(c.idleTimeout + time.Duration(c.received/c.minRate)*time.Second)
	until := time.Now().Add(c.idleTimeout)
	if earned.Before(until) {
		until = earned
	}
	if err := c.SetReadDeadline(until); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	c.received += int64(n)
	return n, err
}

// limitedBody is an answer's, with an end.
type limitedBody struct {
	io.ReadCloser
	cancel    context.CancelFunc
	remaining int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.remaining -= int64(n); b.remaining < 0 {
		return n + int(b.remaining), tooLarge.ToError("outbound.Read", errs.TooLarge, nil)
	}
	if err != nil && err != io.EOF {
		return n, wrapConnectionError("outbound.Read", err)
	}
	return n, err
}

func (b *limitedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
