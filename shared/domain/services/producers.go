package services

import (
	"regexp"
	"slices"
	"strings"
)

// OwnBucketPrefix begins the names of Sluice's own buckets: CloudFormation names them after the stack.
const OwnBucketPrefix = "sluice-"

// bucketNamePattern is a name of a general purpose bucket; an ARN is none.
var bucketNamePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// aliasSuffixes end the names of what stands for a bucket, or is none of the common kind
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
var aliasSuffixes = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}

// ValidProducerBucket reports whether a bucket of that name may be registered as one to fetch originals from: by its
// own name and by no ARN, alias or access point, behind which any bucket may be; and it is none of Sluice's own.
func ValidProducerBucket(bucket string) bool {
	alias := slices.ContainsFunc(aliasSuffixes, func(end string) bool { return strings.HasSuffix(bucket, end) })
	return bucketNamePattern.MatchString(bucket) && !alias && !strings.HasPrefix(bucket, OwnBucketPrefix)
}
