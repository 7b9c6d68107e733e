// Package playback has the rules of watching a video: playback ids, playback tokens, and where the objects of a video
// are.
//
// The path of every media request is /p/<token>/<playback id>/<file>. The token is in the path so that the relative
// URIs of a playlist keep it, and so that a CDN can check it without a call. The first letter of a playback id says
// which token it needs: p is public, s needs a signed token.
//
// It is pure and needs no AWS rights. infra/cdn/token.js implements the same rules for CloudFront;
// testdata/tokens.json has test vectors for both.
package playback

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"regexp"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

const (
	publicPrefix = "p" // first letter of ids that anyone may watch
	signedPrefix = "s" // first letter of ids that need a signed token

	ownerLength  = 8  // characters that follow from the tenant
	randomBytes  = 15 // 120 bits: an id can't be guessed
	randomLength = 24 // characters of base32
)

// lowerBase32 is the base32 encoding of RFC 4648 in lower case, without padding.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

var idPattern = regexp.MustCompile(fmt.Sprintf(
	`^[%s%s][a-z2-7]{%d}$`, publicPrefix, signedPrefix, ownerLength+randomLength,
))

// NewID returns a new public playback id for a video of the tenant: the letter p, 8 characters derived from the
// tenant, so that every object key shows which tenant it belongs to, and 24 random characters. It fails with Internal
// if entropy can't be read.
func NewID(tenant string, entropy io.Reader) (string, error) {
	random := make([]byte, randomBytes)
	if _, err := io.ReadFull(entropy, random); err != nil {
		return "", errs.E("playback.NewID", errs.Internal, err)
	}
	return publicPrefix + hashTenant(tenant) + lowerBase32.EncodeToString(random), nil
}

func hashTenant(tenant string) string {
	sum := sha256.Sum256([]byte(tenant))
	return lowerBase32.EncodeToString(sum[:])[:ownerLength]
}

// ValidID reports whether id has the form of a playback id. Only then may it become part of an object key.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// NeedsToken reports whether watching id needs a signed token.
func NeedsToken(id string) bool { return strings.HasPrefix(id, signedPrefix) }

// ObjectPrefix returns the prefix of all keys of a playback id in the media bucket.
func ObjectPrefix(id string) string { return services.MediaPrefix + id + "/" }
