// Package access has who may use Sluice: tenants, the tokens of the HTTP API, and the producers that send messages. It
// is pure and needs no AWS rights.
package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Tenant is one customer. A token of one tenant gives no access to anything of another.
type Tenant struct {
	ID      string // chosen by the operator; part of every key of the tenant's rows and objects
	Created time.Time
}

var tenantIDPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}$`)
})

// ValidTenantID reports whether id is valid: 2 to 31 lower-case letters, digits and hyphens, the first a letter.
func ValidTenantID(id string) bool { return tenantIDPattern().MatchString(id) }

// The scopes of tokens.
const (
	ScopeRead     = "videos:read"
	ScopeWrite    = "videos:write"
	ScopeOperator = "operator" // what concerns all tenants: dead letters, the service map
)

// Scopes lists all scopes.
var Scopes = []string{ScopeRead, ScopeWrite, ScopeOperator}

// Token is an API token of a tenant. The secret itself is not stored.
type Token struct {
	ID         string
	Tenant     string
	Scopes     []string
	SecretHash string // SHA-256 of the secret, hex
	Created    time.Time
	Expires    time.Time // zero: never
}

const tokenPrefix = "slc_"

// FormatToken returns the text of a token, as clients send it: slc_<id>_<secret>.
func FormatToken(id, secret string) string { return tokenPrefix + id + "_" + secret }

// BearerPattern is a regular expression for the whole value of an Authorization header with a token: the scheme in any
// case (RFC 9110, section 11.1), an id of 12 and a secret of 40 characters. It is read alike by Go, Java and Python.
const BearerPattern = `^[Bb][Ee][Aa][Rr][Ee][Rr] +` + tokenPrefix + `[a-z2-7]{12}_[a-z2-7]{40} *$`

// ParseToken returns the parts of a token's text. ok is false if it has not the form that FormatToken writes.
func ParseToken(text string) (id, secret string, ok bool) {
	rest, found := strings.CutPrefix(text, tokenPrefix)
	if !found {
		return "", "", false
	}
	id, secret, found = strings.Cut(rest, "_")
	return id, secret, found && id != "" && secret != ""
}

// HashSecret returns the hash under which a secret is stored: SHA-256, hex.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// MatchesSecret reports whether secret is the token's, in constant time.
func (t Token) MatchesSecret(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(t.SecretHash), []byte(HashSecret(secret))) == 1
}

// IsExpired reports whether the token has expired at the given time.
func (t Token) IsExpired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }
