package awsmodel

import (
	"net/http"
	"strings"
)

// checksum says which checksum of its body a request has, in a header that is no member of the operation:
// https://smithy.io/2.0/aws/aws-core.html#aws-protocols-httpchecksum-trait
type checksum struct {
	RequestAlgorithmMember  string // the member that names the algorithm; "": a request has none
	RequestChecksumRequired bool
}

const checksumPrefix = "X-Amz-Checksum-"

func (c checksum) allowsHeader(name string) bool {
	return c.RequestAlgorithmMember != "" && strings.HasPrefix(name, checksumPrefix)
}

// hasChecksum reports whether a request has a checksum of any algorithm, before or after its body.
func hasChecksum(header http.Header) bool {
	for name := range header {
		if strings.HasPrefix(name, checksumPrefix) {
			return true
		}
	}
	trailer := http.CanonicalHeaderKey(header.Get("X-Amz-Trailer"))
	return header.Get("Content-Md5") != "" || strings.HasPrefix(trailer, checksumPrefix)
}
