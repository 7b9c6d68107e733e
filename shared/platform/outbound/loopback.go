package outbound

import (
	"crypto/x509"
	"net/netip"
	"net/url"
	"syscall"

	"sluice/shared/domain/errs"
)

// NewWithLoopback returns, for a local cloud, a client that may connect to servers on this machine as well: to any port of a
// loopback address. It trusts the certificate authorities in ca, PEM, beside the system's. It is refused with Invalid
// unless endpoint, where AWS is called, is itself a loopback address: on AWS there is no such client.
func NewWithLoopback(endpoint string, ca []byte) (*Client, error) {
	const op = "outbound.Beside"
	u, err := url.Parse(endpoint)
	if err != nil || !isLoopback(u.Host) {
		return nil, errs.New(op, errs.Invalid, "not_local", "Servers on this machine may be fetched from by a local cloud only.")
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

// isLoopback reports whether address is an IP address of this machine with a port.
func isLoopback(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().IsLoopback()
}
