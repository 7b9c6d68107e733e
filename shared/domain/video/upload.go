package video

import "time"

// Upload is the upload of one original: an S3 multipart upload whose parts the client, or service fetch, sends.
type Upload struct {
	Tenant      string
	ID          string
	Video       string // id of the video
	MultipartID string // S3's id of the multipart upload; never shown to clients
	Key         string // of the object in the source bucket
	Size        int64  // bytes, as the client stated
	PartSize    int64  // bytes of every part but the last
	Created     time.Time
}

// StartUpload returns the rows of a new video and of its upload. v has the tenant, the ids, the source and, if Sluice
// is to fetch the original, the fetch request. id is the id of the upload, and at the time of creation. S3's id of the
// multipart upload is still to be set in both.
func StartUpload(v Video, id string, at time.Time) (Video, Upload) {
	v.State, v.Times.Created = Waiting, at
	return v.WithDeadline(at), Upload{
		Tenant: v.Tenant, ID: id, Video: v.ID, Key: v.Source.Key,
		Size: v.Source.Size, PartSize: ChoosePartSize(v.Source.Size), Created: at,
	}
}

const mib = 1 << 20

// Limits of uploads, of S3 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html) and of Sluice.
const (
	MaxSourceBytes = 8 << 30 // so that the original and the output fit the disk of a worker
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

// PartBytes returns the length in bytes of part n, counted from 1.
func (u Upload) PartBytes(n int) int64 {
	if n == u.PartCount() {
		return u.Size - int64(n-1)*u.PartSize
	}
	return u.PartSize
}
