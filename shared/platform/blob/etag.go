package blob

import (
	"crypto/md5" //nolint:gosec // S3's ETag; nothing is protected by it
	"encoding/hex"
)

// ETagOf returns the ETag of an object that was written by one request, in a bucket that encrypts with keys of S3 and
// not of KMS (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html, "ETag").
func ETagOf(text string) string {
	s := md5.Sum([]byte(text)) //nolint:gosec // as above
	return hex.EncodeToString(s[:])
}
