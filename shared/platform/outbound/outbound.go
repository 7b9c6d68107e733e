// Package outbound sends the only HTTP requests of Sluice to addresses that others choose: GET of https URLs at public
// IP addresses. It protects against server-side request forgery (SSRF).
//
// The address is checked when the connection is made, after the name was resolved, and again for each redirect: a name
// that resolves to another address the second time (DNS rebinding) does not get around it, nor does 127.0.0.1 written
// as a number, in hex or as IPv6. Rejected are all addresses that IANA has reserved for special purposes
// (https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry), ports other than 443,
// plain http, names without a dot or of private zones, and URLs with a password. There is no proxy, no cookie, no
// Referer header and no decompression; each request has a connection of its own.
//
// The package needs no AWS rights. Its errors are errs.Errors whose texts never contain the URL, which may be signed.
// All have a code and a sentence for whoever chose the URL; those of Transient errors are shown only after the last
// attempt.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"sluice/shared/domain/errs"
)

// requestLimits are the limits of one request.
type requestLimits struct {
	maxRedirects   int
	dialTimeout    time.Duration // for connecting; the TLS handshake may take as long again
	headerTimeout  time.Duration // from the request to the end of the response's header
	idleTimeout    time.Duration // between two reads, and before minRate counts
	minRate        int64         // bytes/s that a response must have on average
	totalTimeout   time.Duration // for the whole request
	maxHeaderBytes int64
}

var defaultLimits = requestLimits{
	maxRedirects: 3, dialTimeout: 5 * time.Second, headerTimeout: 15 * time.Second, idleTimeout: 20 * time.Second,
	minRate: 64 << 10, totalTimeout: 15 * time.Minute, maxHeaderBytes: 64 << 10,
}

// Client gets files at URLs. It is safe for concurrent use.
type Client struct {
	requestLimits
	transport *http.Transport
}

// New returns a client that connects to public addresses only.
func New() *Client { return newClient(defaultLimits, allowPublic, nil, nil) }

// allowPublic is a connectionCheck that allows port 443 of public addresses.
var allowPublic = ssrf.New(ssrf.WithPorts(443)).Safe

// connectionCheck returns an error if no connection may be made to an address; it is called before each connect(2).
type connectionCheck func(network, address string, c syscall.RawConn) error

// newClient returns a client. If roots is nil it trusts the system's certificate authorities; if resolver is nil it
// uses Go's, as that of libc would accept 0x7f.1 as an address.
func newClient(l requestLimits, check connectionCheck, roots *x509.CertPool, resolver *net.Resolver) *Client {
	if resolver == nil {
		resolver = &net.Resolver{PreferGo: true}
	}
	dialer := &net.Dialer{Timeout: l.dialTimeout, Control: check, Resolver: resolver}
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

// Get requests a URL with the header h and follows up to three redirects. The response may have any status. The caller
// closes its body; reading more than maxBytes of it fails.
//
// Errors, also of the body: Invalid if the URL or one that it redirects to is not allowed (see [ParseURL]), if its host
// is unknown, has no public address or no valid certificate, or if there are too many redirects. TooLarge if there are
// more than maxBytes. Transient for everything else: a host that can't be reached, sends less than 64 KiB/s, or closes
// the connection early.
func (c *Client) Get(ctx context.Context, address string, h http.Header, maxBytes int64) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.totalTimeout)
	res, err := c.followRedirects(ctx, address, h)
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = &limitedBody{ReadCloser: res.Body, cancel: cancel, remaining: maxBytes}
	if res.ContentLength > maxBytes {
		res.Body.Close()
		return nil, tooLarge.ToError("outbound.Get", errs.TooLarge, nil)
	}
	return res, nil
}

// followRedirects returns the first response that is not a redirect.
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
		next := res.Header.Get("Location")
		if next == "" || !slices.Contains(redirectStatuses, res.StatusCode) {
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

// redirectStatuses are the statuses of responses that redirect.
var redirectStatuses = []int{
	http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
	http.StatusPermanentRedirect,
}

// minRateConn is a connection of which reads fail if it is idle or slow.
type minRateConn struct {
	net.Conn
	requestLimits
	started  time.Time
	received int64
}

// Read waits for idleTimeout at most, and not beyond the time by which the bytes received so far are too few for
// minRate.
func (c *minRateConn) Read(p []byte) (int, error) {
	rateDeadline := c.started.Add(c.idleTimeout + time.Duration(c.received/c.minRate)*time.Second)
	deadline := time.Now().Add(c.idleTimeout)
	if rateDeadline.Before(deadline) {
		deadline = rateDeadline
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	c.received += int64(n)
	return n, err
}

// limitedBody is a response body that fails after a number of bytes, and ends the request's context when it is closed.
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
