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
	"encoding/base32"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
)

const (
	publicPrefix = "p" // first letter of ids that anyone may watch
	signedPrefix = "s" // first letter of ids that need a signed token

	randomBytes  = 20 // 160 bits: an id can't be guessed
	randomLength = 32 // characters of base32
)

// lowerBase32 is the base32 encoding of RFC 4648 in lower case, without padding.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

var idPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(fmt.Sprintf(`^[%s%s][a-z2-7]{%d}$`, publicPrefix, signedPrefix, randomLength))
})

// NewID returns a new public playback id: the letter p and 32 random characters, so that a link tells nothing about
// whose video it is. It fails with Internal if entropy can't be read.
func NewID(entropy io.Reader) (string, error) {
	random := make([]byte, randomBytes)
	if _, err := io.ReadFull(entropy, random); err != nil {
		return "", errs.E("playback.NewID", errs.Internal, err)
	}
	return publicPrefix + lowerBase32.EncodeToString(random), nil
}

// ValidID reports whether id has the form of a playback id. Only then may it become part of an object key.
func ValidID(id string) bool { return idPattern().MatchString(id) }

// NeedsToken reports whether watching id needs a signed token.
func NeedsToken(id string) bool { return strings.HasPrefix(id, signedPrefix) }

// ObjectPrefix returns the prefix of all keys of a playback id in the media bucket.
func ObjectPrefix(id string) string { return services.MediaPrefix + id + "/" }
