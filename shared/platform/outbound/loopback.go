package outbound

import (
	"crypto/x509"
	"net/netip"
	"net/url"
	"syscall"

	"sluice/shared/domain/errs"
)

// NewWithLoopback returns a client for a local cloud: it may also connect to any port of this machine's loopback
// addresses, and it also trusts the certificate authorities in ca, which is PEM. Invalid: endpoint, the URL of the AWS
// endpoint, is not at a loopback address itself, so that no such client exists on AWS; or ca has no certificate.
func NewWithLoopback(endpoint string, ca []byte) (*Client, error) {
	const op = "outbound.NewWithLoopback"
	u, err := url.Parse(endpoint)
	if err != nil || !isLoopback(u.Host) {
		return nil, errs.New(op, errs.Invalid, "not_local",
			"Servers on this machine may be fetched from by a local cloud only.")
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, errs.E(op, errs.Internal, err)
	}
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errs.New(op, errs.Invalid, "no_certificate", "There is no certificate of an authority in the file.")
	}
	return newClient(defaultLimits, func(network, address string, c syscall.RawConn) error {
		if isLoopback(address) {
			return nil
		}
		return allowPublic(network, address, c)
	}, roots, nil), nil
}

// isLoopback reports whether address is a loopback IP address with a port.
func isLoopback(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().IsLoopback()
}
