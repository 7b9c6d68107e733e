package playback

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"sluice/shared/domain/errs"
)

// PublicToken is the token in the paths of public playback ids.
const PublicToken = "public"

// SigningKeys are the secrets that tokens are signed with, by key id. There are two while a key is being rotated.
type SigningKeys map[string][]byte

// SignToken returns a token for one playback id that is valid until expires, in whole seconds: <Unix seconds>.<key
// id>.<base64url of HMAC-SHA256>. keys must have the key id.
func SignToken(id string, expires time.Time, keyID string, keys SigningKeys) string {
	head := strconv.FormatInt(expires.Unix(), 10) + "." + keyID
	return head + "." + computeMAC(head, id, keys[keyID])
}

// computeMAC returns the signature of a token: of its expiry and key id (head), and of the playback id. The signed
// text begins with a version, so that tokens of a later form can't be mistaken for these.
func computeMAC(head, id string, key []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("sluice-1|" + id + "|" + head))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// VerifyToken returns nil if the token allows to watch id at the given time. It fails with Forbidden: token_expired if
// the token was valid before, token_invalid otherwise. Signatures are compared in constant time.
func VerifyToken(token, id string, now time.Time, keys SigningKeys) error {
	if ValidID(id) && token == PublicToken && !NeedsToken(id) {
		return nil
	}
	expires, keyID, ok := parseToken(token)
	key := keys[keyID]
	if !ValidID(id) || !ok || len(key) == 0 {
		return errTokenInvalid
	}
	head := token[:strings.LastIndexByte(token, '.')]
	if !hmac.Equal([]byte(token[len(head)+1:]), []byte(computeMAC(head, id, key))) {
		return errTokenInvalid
	}
	if !now.Before(time.Unix(expires, 0)) {
		return errTokenExpired
	}
	return nil
}

var (
	errTokenInvalid = errs.New("playback.VerifyToken", errs.Forbidden, "token_invalid",
		"This link does not allow you to watch the video; ask for a new one.")
	errTokenExpired = errs.New("playback.VerifyToken", errs.Forbidden, "token_expired",
		"This link has expired; ask for a new one.")
)

// parseToken splits a signed token. It accepts only the form that SignToken writes: no sign and no leading zeros.
func parseToken(token string) (expires int64, keyID string, ok bool) {
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return 0, "", false
	}
	expires, err := strconv.ParseInt(part[0], 10, 64)
	return expires, part[1], err == nil && expires > 0 && strconv.FormatInt(expires, 10) == part[0]
}
