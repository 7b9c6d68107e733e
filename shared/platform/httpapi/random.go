package httpapi

import (
	"encoding/base32"
	"io"
	"strings"

	"sluice/shared/domain/errs"
)

// RandomBase32 returns n random bytes in lower-case base32, which has no underscore.
func RandomBase32(entropy io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(entropy, b); err != nil {
		return "", errs.E("httpapi.RandomBase32", errs.Internal, err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}
