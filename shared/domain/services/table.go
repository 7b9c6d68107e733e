package services

import (
	"strings"

	"sluice/shared/domain/video"
)

// Row kinds: the first part of a partition key, and what rights on the table are narrowed to.
const (
	TenantRows        = "TENANT"
	TokenRows         = "TOKEN"
	VideoRows         = "VIDEO"
	UploadRows        = "UPLOAD"
	IdempotencyRows   = "IDEMPOTENCY" // requests that carry an Idempotency-Key
	ProducerRows      = "SOURCE"      // whom producers may speak for
	DeadLetterRows    = "LETTER"      // dead letters
	InFlightLimitRows = "WINDOW"      // what tenants have in flight on the encode queue, and who waits for that
	ScalingRows       = "SCALE"       // what the scaling law decided last
)

// Indexes of the table. Each has a partition key of its own kind, and only the rows that have it.
const (
	ByTenant   = "by-tenant"   // VIDEOS#<tenant>, newest last
	ByExternal = "by-external" // EXTERNAL#<tenant>#<external id>
	ByDeadline = "by-deadline" // DUE#<shard>, soonest first; OPEN#<service>, its open letters by id
)

// Kinds of partitions in the indexes.
const (
	TenantIndex         = "VIDEOS"
	ExternalIndex       = "EXTERNAL"
	DueIndex            = "DUE"
	OpenDeadLetterIndex = "OPEN"
)

// ListedAttributes are the attributes of a video's row that a list of videos shows: what the indexes hold beside their
// keys, all of it together at most 100 over the table's indexes.
var ListedAttributes = []string{
	"tenant", "id", "playback", "title", "external_id", "metadata", "state", "version", "source", "media", "problem",
	"uploaded", "inspected", "encoded", "ready", "failed", "cancelled",
}

// ExpiryAttribute is the attribute of a row that holds when DynamoDB may remove it, in Unix seconds.
const ExpiryAttribute = "expires"

// SourcePrefix and MediaPrefix begin every object key in the two buckets. SourceSuffix ends the key of an original:
// only such objects are announced to inspect.
const (
	SourcePrefix = "t/"
	MediaPrefix  = "v/"
	SourceSuffix = "/source"
)

// SourceFolder returns the prefix of all keys of a video in the source bucket.
func SourceFolder(tenant, videoID string) string { return SourcePrefix + tenant + "/" + videoID + "/" }

// OriginalKey returns the key of a video's original in the source bucket: t/<tenant>/<video>/source.
func OriginalKey(tenant, videoID string) string {
	return SourcePrefix + tenant + "/" + videoID + SourceSuffix
}

// ParseOriginalKey returns the tenant and the video of an original's key; ok is false for any other key.
func ParseOriginalKey(key string) (tenant, videoID string, ok bool) {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(key, SourcePrefix), "/")
	videoID, _, _ = strings.Cut(rest, "/")
	return tenant, videoID, video.ValidTenantID(tenant) && videoID != "" && key == OriginalKey(tenant, videoID)
}
