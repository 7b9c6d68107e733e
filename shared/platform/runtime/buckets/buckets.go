// Package buckets opens the buckets, in S3, for functions. Its rights are those of package blob.
package buckets

import (
	"os"
	"strings"

	"sluice/shared/domain/services"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/runtime"
)

// OpenSource returns the bucket of original files.
func OpenSource(r runtime.Runtime) *blob.Bucket { return open(r, services.EnvSourceBucket) }

// OpenMedia returns the bucket of segments and playlists.
func OpenMedia(r runtime.Runtime) *blob.Bucket { return open(r, services.EnvMediaBucket) }

func open(r runtime.Runtime, variable string) *blob.Bucket {
	return blob.NewBucket(blob.NewClient(r.AWSConfig(), os.Getenv(services.EnvS3PathStyle) == "true"),
		os.Getenv(variable))
}

// ListProducers returns the names of the buckets that originals may be fetched from.
func ListProducers() []string {
	return strings.FieldsFunc(os.Getenv(services.EnvProducerBuckets), func(r rune) bool { return r == ',' })
}
