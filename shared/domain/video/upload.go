package video

import "time"

// Upload is how the bytes of one video come in: an S3 multipart upload whose parts the client sends itself.
type Upload struct {
	Tenant      string
	ID          string
	Video       string // the video it becomes
	MultipartID string // S3's id of the multipart upload; not shown to clients
	Key         string // in the source bucket
	Size        int64  // bytes, as announced
	PartSize    int64  // bytes of each part but the last
	Created     time.Time
}

// StartUpload returns the rows of a video that waits for its original from at on, and of the upload that this comes in by: id
// is the upload's, multipart S3's. v says whose the video is and what is known of it: tenant, ids, source and, if Sluice
// itself is to get it, from where.
func StartUpload(v Video, id, multipart string, at time.Time) (Video, Upload) {
	v.State, v.Times.Created = Waiting, at
	return v.WithDeadline(at), Upload{
		Tenant: v.Tenant, ID: id, Video: v.ID, MultipartID: multipart, Key: v.Source.Key,
		Size: v.Source.Size, PartSize: ChoosePartSize(v.Source.Size), Created: at,
	}
}

const mib = 1 << 20

// Limits of S3 and ours (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
const (
	MaxSourceBytes = 8 << 30 // what fits a worker's disk beside its output
	minPartBytes   = 8 * mib
	maxParts       = 10_000
)

// ChoosePartSize returns the size in bytes of each part but the last for an upload of size bytes: 8 MiB, or more where
// that would make over 10,000 parts.
func ChoosePartSize(size int64) int64 {
	part := int64(minPartBytes)
	for (size+part-1)/part > maxParts {
		part *= 2
	}
	return part
}

// PartCount returns the number of parts.
func (u Upload) PartCount() int { return int((u.Size + u.PartSize - 1) / u.PartSize) }

// PartBytes returns the length of part n, counted from 1.
func (u Upload) PartBytes(n int) int64 {
	if n == u.PartCount() {
		return u.Size - int64(n-1)*u.PartSize
	}
	return u.PartSize
}
