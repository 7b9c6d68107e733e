package video

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"strings"
	"time"
)

// Tenant is one customer: nothing of one is reachable with the token of another.
type Tenant struct {
	ID      string // chosen by the operator; begins every key of what the tenant owns
	Created time.Time
}

var tenantIDPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}$`)

// ValidTenantID reports whether id can be a tenant's: 2 to 31 lower-case letters, digits and hyphens, a letter first.
func ValidTenantID(id string) bool { return tenantIDPattern.MatchString(id) }

// Scopes a token can have.
const (
	ScopeRead     = "videos:read"
	ScopeWrite    = "videos:write"
	ScopeOperator = "operator" // what concerns all tenants: dead letters
)

// Scopes are all of them.
var Scopes = []string{ScopeRead, ScopeWrite, ScopeOperator}

// Token is the right to call the API for a tenant. The secret itself is not kept.
type Token struct {
	ID         string
	Tenant     string
	Scopes     []string
	SecretHash string // SHA-256 of the secret, hex
	Created    time.Time
	Expires    time.Time // zero: never
}

const tokenPrefix = "slc_"

// FormatToken returns the token as its owner holds it: slc_<id>_<secret>.
func FormatToken(id, secret string) string { return tokenPrefix + id + "_" + secret }

// ParseToken splits what TokenText made; ok is false for anything else.
func ParseToken(text string) (id, secret string, ok bool) {
	rest, found := strings.CutPrefix(text, tokenPrefix)
	if !found {
		return "", "", false
	}
	id, secret, found = strings.Cut(rest, "_")
	return id, secret, found && id != "" && secret != ""
}

// HashSecret returns what is kept of a secret.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// MatchesSecret reports in constant time whether secret is the token's.
func (t Token) MatchesSecret(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(t.SecretHash), []byte(HashSecret(secret))) == 1
}

// IsExpired reports whether the token's time is over.
func (t Token) IsExpired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }
