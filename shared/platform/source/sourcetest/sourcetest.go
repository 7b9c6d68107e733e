// Package sourcetest has what tests of the services that process originals share: a bucket with one original, and tools
// that fail.
package sourcetest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"sluice/events"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
)

// Key is the key of the original in the bucket that NewBucket returns: that of video vid_1 of tenant acme.
const Key = "t/acme/vid_1/source"

// NewBucket returns a bucket that holds body as the original of a video, and the event by which S3 announces it, at a
// time.
func NewBucket(t testing.TB, body []byte, at time.Time) (*blob.Memory, events.Event) {
	t.Helper()
	b := &blob.Memory{}
	if err := b.PutObject(t.Context(), Key, bytes.NewReader(body), blob.Metadata{}); err != nil {
		t.Fatal(err)
	}
	info, err := b.HeadObject(t.Context(), Key)
	if err != nil {
		t.Fatal(err)
	}
	return b, events.Event{
		ID: "o", Type: events.ObjectCreated, Time: at, Tenant: "acme", Video: "vid_1",
		Data: video.StoredObject{Bucket: "source", Key: Key, Size: info.Size, ETag: info.ETag, At: at},
	}
}

// FailingTools implements source.Tools: every call returns Err and runs nothing.
type FailingTools struct{ Err error }

// ProbeStreams returns Err.
func (f FailingTools) ProbeStreams(context.Context, string, string, string) ([]byte, error) {
	return nil, f.Err
}

// ProbePackets returns Err.
func (f FailingTools) ProbePackets(context.Context, string, string, string, float64) ([]byte, error) {
	return nil, f.Err
}

// Run returns Err.
func (f FailingTools) Run(context.Context, ffmpeg.Command) error { return f.Err }
