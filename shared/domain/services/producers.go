package services

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// OwnBucketPrefix is the prefix of the names of Sluice's own buckets: CloudFormation names them after the stack.
const OwnBucketPrefix = "sluice-"

// bucketNamePattern matches names of general purpose buckets, and no ARN.
var bucketNamePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
})

// aliasSuffixes are the suffixes of aliases of buckets, and of other kinds of buckets
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
var aliasSuffixes = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}

// ValidProducerBucket reports whether a bucket may be registered to fetch originals from. It must be given by its own
// name and not by an ARN, an alias or an access point, which may stand for any bucket, and it must not be one of
// Sluice's own.
func ValidProducerBucket(bucket string) bool {
	alias := slices.ContainsFunc(aliasSuffixes, func(end string) bool { return strings.HasSuffix(bucket, end) })
	return bucketNamePattern().MatchString(bucket) && !alias && !strings.HasPrefix(bucket, OwnBucketPrefix)
}
