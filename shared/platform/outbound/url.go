package outbound

import (
	"net/url"
	"slices"
	"strings"

	"sluice/shared/domain/errs"
)

const maxURLBytes = 2048 // bytes

// ParseURL parses a URL and checks what can be checked without resolving its host: the scheme is https, the host is an
// IP address or a public name, there is no user and password, and it has at most 2048 bytes of ASCII. Invalid: it is
// anything else.
func ParseURL(raw string) (*url.URL, error) {
	const op = "outbound.ParseURL"
	u, err := url.Parse(raw)
	switch {
	case err != nil, len(raw) > maxURLBytes, strings.ContainsFunc(raw, func(r rune) bool {
		return r <= ' ' || r > '~'
	}):
		return nil, urlInvalid.ToError(op, errs.Invalid, nil) // err contains the URL
	case u.Scheme != "https":
		return nil, notHTTPS.ToError(op, errs.Invalid, nil)
	case u.User != nil:
		return nil, hasPassword.ToError(op, errs.Invalid, nil)
	case u.Hostname() == "", strings.Contains(u.Host, "%"):
		return nil, urlInvalid.ToError(op, errs.Invalid, nil)
	case isPrivateName(u.Hostname()):
		return nil, notPublic.ToError(op, errs.Invalid, nil)
	}
	return u, nil
}

// CheckURL returns the error of ParseURL.
func CheckURL(raw string) error {
	_, err := ParseURL(raw)
	return err
}

// privateZones are DNS zones without public hosts: those of RFC 6761 and RFC 6762, and those that ICANN has reserved
// for private use.
var privateZones = []string{".localhost", ".local", ".internal", ".home.arpa"}

// isPrivateName reports whether a host name is without a dot or in a private zone.
func isPrivateName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return !strings.ContainsAny(host, ".:") || slices.ContainsFunc(privateZones, func(z string) bool {
		return strings.HasSuffix(host, z)
	})
}
