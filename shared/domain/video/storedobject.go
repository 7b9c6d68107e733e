package video

import "time"

// StoredObject describes an object in S3. Messages carry its size, its ETag and its time alone.
type StoredObject struct {
	Bucket      string    `json:"-"`    // "" where there is only one
	Key         string    `json:"-"`    // "" where the caller knows it
	Size        int64     `json:"size"` // bytes
	ETag        string    `json:"etag"` // without quotes
	ContentType string    `json:"-"`
	At          time.Time `json:"at"` // when it was last written
}
