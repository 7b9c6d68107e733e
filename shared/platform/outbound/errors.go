package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"

	"code.dny.dev/ssrf"

	"sluice/shared/domain/errs"
)

// What whoever chose the URL is told.
var (
	urlInvalid = errs.NewProblem("url_invalid",
		"The URL can't be read; give one of at most 2048 ASCII characters, with a host name.")
	notHTTPS = errs.NewProblem("url_not_https",
		"Files are fetched over https only; give a URL that begins with https://, and redirects to no other.")
	hasPassword = errs.NewProblem("url_has_password",
		"The URL has a user name or password in it; give a signed URL instead.")
	portRefused = errs.NewProblem("url_port_refused", "Files are fetched from port 443 only; serve the file there.")
	notPublic   = errs.NewProblem("url_not_public",
		"The URL's host is not on the public internet; serve the file from one that is, or upload it.")
	hostUnknown          = errs.NewProblem("url_host_unknown", "The URL's host has no address; check its name.")
	certificateUntrusted = errs.NewProblem("url_not_trusted",
		"The certificate of the URL's host is not valid for it; renew it, or serve the file elsewhere.")
	tooManyRedirects = errs.NewProblem("url_redirects",
		"The URL redirects more than three times; give the one it leads to.")
	tooLarge = errs.NewProblem("source_too_large",
		"There is more at this URL than may be fetched; give one of a smaller file.")
	unreachable = errs.NewProblem("source_unreachable",
		"The URL's host could not be reached, or did not answer; see that it can be, and ask again.")
	hostTooSlow = errs.NewProblem("source_slow",
		"The URL's host sends too slowly; serve the file from a faster one, or upload it.")
	bodyCutShort = errs.NewProblem("source_cut_short",
		"The URL's host ends the connection before all of the file is there; check what it says of the file's length.")
)

// wrapConnectionError returns the error to show for an error of connecting, of the TLS handshake or of reading.
func wrapConnectionError(op string, err error) error {
	var (
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		dial *net.OpError
	)
	switch {
	case errors.Is(err, ssrf.ErrProhibitedPort):
		return portRefused.ToError(op, errs.Invalid, err)
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork),
		errors.Is(err, ssrf.ErrInvalidHostPort):
		return notPublic.ToError(op, errs.Invalid, err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return hostUnknown.ToError(op, errs.Invalid, err)
	case errors.As(err, &cert):
		return certificateUntrusted.ToError(op, errs.Invalid, err)
	case errors.As(err, &dial) && dial.Op == "dial":
		return unreachable.ToError(op, errs.Transient, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return hostTooSlow.ToError(op, errs.Transient, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return bodyCutShort.ToError(op, errs.Transient, err)
	}
	return unreachable.ToError(op, errs.Transient, err)
}
