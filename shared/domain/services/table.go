package services

import (
	"fmt"
	"strings"

	"sluice/shared/domain/access"
	"sluice/shared/domain/video"
)

// Kinds of rows: the first part of the partition key. Permissions on the table are narrowed to them.
const (
	TenantRows        = "TENANT"
	TokenRows         = "TOKEN"
	VideoRows         = "VIDEO"
	UploadRows        = "UPLOAD"
	IdempotencyRows   = "IDEMPOTENCY" // requests that carry an Idempotency-Key
	ProducerRows      = "SOURCE"      // registrations of producers
	DeadLetterRows    = "LETTER"      // dead letters
	InFlightLimitRows = "WINDOW"      // in-flight limits, and the wait queues of videos
	ScalingRows       = "SCALE"       // state of the autoscaler
	DenyListRows      = "DENIED"      // playback ids that may not be played
	QuotaRows         = "QUOTA"       // limits of tenants, and what they use, also by day
)

// Indexes of the table. Each has its own partition key attribute, and only the rows with that attribute.
const (
	ByTenant   = "by-tenant"   // VIDEOS#<tenant>, newest last
	ByExternal = "by-external" // EXTERNAL#<tenant>#<external id>
	// DUE#<shard>, soonest first; OPEN#<service>, its open dead letters by id; DENY#<step>, entries of the deny list
	ByDeadline = "by-deadline"
)

// Kinds of partitions of the indexes.
const (
	TenantIndex         = "VIDEOS"
	ExternalIndex       = "EXTERNAL"
	DueIndex            = "DUE"
	OpenDeadLetterIndex = "OPEN"
	DenyStepIndex       = "DENY"
)

// ListedAttributes are the attributes of a video's row that lists of videos show. The indexes have them beside their
// keys; DynamoDB allows 100 such attributes over all indexes of a table.
var ListedAttributes = []string{
	"tenant", "id", "playback", "title", "external_id", "metadata", "state", "version", "source", "media", "problem",
	"uploaded", "inspected", "encoded", "ready", "failed", "cancelled",
}

// ExpiryAttribute is the attribute with the time from which DynamoDB may remove a row, in Unix seconds.
const ExpiryAttribute = "expires"

// Prefixes of all object keys in the source and the media bucket, and the suffix of the keys of originals: S3 notifies
// inspect of such objects only. The copies that remux makes have a prefix, by which they expire.
const (
	SourcePrefix = "t/"
	CopyPrefix   = "c/"
	MediaPrefix  = "v/"
	SourceSuffix = "/source"
)

// SourceFolder returns the prefix of all keys of a video in the source bucket.
func SourceFolder(tenant, videoID string) string { return SourcePrefix + tenant + "/" + videoID + "/" }

// OriginalKey returns the key of a video's original in the source bucket: t/<tenant>/<video>/source.
func OriginalKey(tenant, videoID string) string {
	return SourcePrefix + tenant + "/" + videoID + SourceSuffix
}

// indexFolder is the folder of the indexes of a video's original in the source bucket.
const indexFolder = "/index/"

// IndexPrefix is the prefix of the keys of all indexes; as in IAM policies, * stands for any characters.
const IndexPrefix = SourcePrefix + "*" + indexFolder

// IndexKey returns the key in the source bucket of the index of an original, by the original's key, the ETag of the
// original or of its copy, and the version of the index format: t/<tenant>/<video>/index/<version>-<etag>.
func IndexKey(original, etag string, version int) string {
	return fmt.Sprintf("%s%s%d-%s", strings.TrimSuffix(original, SourceSuffix), indexFolder, version, etag)
}

// CopyFolder returns the prefix of the keys of all copies of a video's original: c/<tenant>/<video>/.
func CopyFolder(tenant, videoID string) string { return CopyPrefix + tenant + "/" + videoID + "/" }

// CopyKey returns the key in the source bucket of the copy of an original, by the original's key and ETag:
// c/<tenant>/<video>/<etag>.
func CopyKey(original, etag string) string {
	return CopyPrefix + strings.TrimSuffix(strings.TrimPrefix(original, SourcePrefix), SourceSuffix) + "/" + etag
}

// LocateSource returns the key and the ETag of the object that the tasks of a video read: the copy of its original, if
// there is one, or the original.
func LocateSource(s video.Source) (key, etag string) {
	if s.Copy != nil {
		return CopyKey(s.Key, s.ETag), s.Copy.ETag
	}
	return s.Key, s.ETag
}

// ParseOriginalKey returns the tenant and the video of an original's key; ok is false for any other key.
func ParseOriginalKey(key string) (tenant, videoID string, ok bool) {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(key, SourcePrefix), "/")
	videoID, _, _ = strings.Cut(rest, "/")
	return tenant, videoID, access.ValidTenantID(tenant) && videoID != "" && key == OriginalKey(tenant, videoID)
}
