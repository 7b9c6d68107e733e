package outbound

import (
	"net/url"
	"strings"

	"sluice/shared/domain/errs"
)

const maxURLBytes = 2048 // bytes

// ParseURL returns a URL that may be got, as far as can be seen without looking its host up: https, with a host that is an
// IP address or has a public name, without user and password, in at most 2048 bytes of ASCII. Anything else is Invalid.
func ParseURL(raw string) (*url.URL, error) {
	const op = "outbound.Parse"
	u, err := url.Parse(raw)
	switch {
	case err != nil, len(raw) > maxURLBytes, !isPrintableASCII(raw):
		return nil, urlInvalid.ToError(op, errs.Invalid, nil) // without err, which holds the URL
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

// CheckURL returns the error of Parse.
func CheckURL(raw string) error {
	_, err := ParseURL(raw)
	return err
}

// privateZones have no names of public hosts in them: RFC 6761, RFC 6762, and what ICANN has set aside for private use.
var privateZones = []string{".localhost", ".local", ".internal", ".home.arpa"}

// isPrivateName reports whether a name can't be that of a public host.
func isPrivateName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.ContainsAny(host, ".:") {
		return true
	}
	for _, z := range privateZones {
		if strings.HasSuffix(host, z) {
			return true
		}
	}
	return false
}

func isPrintableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
