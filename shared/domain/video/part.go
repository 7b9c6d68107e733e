package video

// Part is one part of an S3 multipart upload, as S3 lists it.
type Part struct {
	Number int // from 1
	ETag   string
	Size   int64 // bytes
}
