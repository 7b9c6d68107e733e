// Package playback knows the public side of a video: playback ids, the right to watch, and where the objects are.
//
// The right to watch is in the path, /p/<token>/<playback id>/<file>, so that a playlist's relative URIs carry it on
// and a CDN can check it without asking anybody. The first letter of a playback id says what it asks for: p is
// public, s wants a signed token, so that the check needs no look-up. No I/O and no AWS rights; infra/cdn/token.js
// has the same rules for CloudFront, and testdata/tokens.json holds the vectors both must agree on.
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

	ownerLength  = 8  // characters from the tenant's id
	randomBytes  = 15 // 120 bits: an id can't be guessed
	randomLength = 24 // characters that these make
)

// lowerBase32 is RFC 4648's base32 in lower case, without padding.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

var idPattern = regexp.MustCompile(fmt.Sprintf(`^[%s%s][a-z2-7]{%d}$`, publicPrefix, signedPrefix, ownerLength+randomLength))

// NewID returns a new public playback id for a video of the tenant: the policy's letter, 8 characters that follow from
// the tenant, so that its name is part of every object's, and 24 random ones. It fails with Internal if entropy does.
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

// ValidID reports whether id has the form of a playback id, and so may be part of an object's key.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// NeedsToken reports whether id is watched with a signed token only.
func NeedsToken(id string) bool { return strings.HasPrefix(id, signedPrefix) }

// ObjectPrefix returns what the keys of all objects of a playback id begin with, in the media bucket.
func ObjectPrefix(id string) string { return services.MediaPrefix + id + "/" }
