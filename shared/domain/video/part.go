package video

// Part is one part of a multipart upload, as S3 has it.
type Part struct {
	Number int // from 1
	ETag   string
	Size   int64 // bytes
}
