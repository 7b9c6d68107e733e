package blob

import (
	"context"
	"slices"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Name does the same as [Bucket.Name].
func (m *Memory) Name() string { return "bucket" }

// HeadObjectInBucket does the same as [Bucket.HeadObjectInBucket].
func (m *Memory) HeadObjectInBucket(ctx context.Context, bucket, key string) (video.StoredObject, error) {
	other, err := m.findBucket("blob.HeadObjectInBucket", bucket)
	if err != nil {
		return video.StoredObject{}, err
	}
	return other.HeadObject(ctx, key)
}

// UploadPart does the same as [Bucket.UploadPart].
func (m *Memory) UploadPart(ctx context.Context, key, id string, n int, body []byte) (Part, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.findUpload(ctx, "blob.UploadPart", key, id)
	if err != nil {
		return Part{}, err
	}
	u.parts[n] = object{body: slices.Clone(body), etag: md5Hex(body)}
	return Part{Number: n, ETag: md5Hex(body), Size: int64(len(body))}, nil
}

// CopyPart does the same as [Bucket.CopyPart].
func (m *Memory) CopyPart(ctx context.Context, key, id string, n int, from ObjectRange) (Part, error) {
	const op = "blob.CopyPart"
	other, err := m.findBucket(op, from.Bucket)
	if err != nil {
		return Part{}, err
	}
	o, err := other.findObject(ctx, op, from.Key)
	switch {
	case err != nil:
		return Part{}, err
	case quoteETag(from.ETag) != quoteETag(o.etag):
		return Part{}, objectReplaced.ToError(op, errs.Conflict, nil)
	}
	return m.UploadPart(ctx, key, id, n, o.body[from.From:from.From+from.Size])
}

// findBucket returns m or one of m.OtherBuckets.
func (m *Memory) findBucket(op, name string) (*Memory, error) {
	if name == m.Name() {
		return m, nil
	}
	if other, ok := m.OtherBuckets[name]; ok {
		return other, nil
	}
	return nil, objectMissing.ToError(op, errs.NotFound, nil)
}
