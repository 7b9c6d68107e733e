package blob

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"sluice/shared/domain/errs"
)

// minPartSize is the least size in bytes of every part but the last
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
const minPartSize = 5 << 20

type multipartUpload struct {
	key   string
	meta  Metadata
	parts map[int]object
}

// CreateUpload does the same as [Bucket.CreateUpload].
func (m *Memory) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	if err := wrapError("blob.CreateUpload", ctx.Err()); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.uploads == nil {
		m.uploads = map[string]*multipartUpload{}
	}
	m.lastUpload++
	id := fmt.Sprintf("upload-%d", m.lastUpload)
	m.uploads[id] = &multipartUpload{key, Metadata{ContentType: contentType}, map[int]object{}}
	return id, nil
}

// CompleteUpload does the same as [Bucket.CompleteUpload]. A repetition returns NotFound, code upload_gone.
func (m *Memory) CompleteUpload(ctx context.Context, key, id string, parts []Part) (string, error) {
	const op = "blob.CompleteUpload"
	if len(parts) == 0 {
		return "", partMissing.ToError(op, errs.Invalid, nil)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.findUpload(ctx, op, key, id)
	if err != nil {
		return "", err
	}
	for i := range parts[1:] {
		if parts[i].Number >= parts[i+1].Number {
			return "", partOrder.ToError(op, errs.Invalid, nil)
		}
	}
	var body, sums []byte
	for i, p := range parts {
		part, ok := u.parts[p.Number]
		switch {
		case !ok || quoteETag(p.ETag) != quoteETag(part.etag):
			return "", partMissing.ToError(op, errs.Invalid, nil)
		case i < len(parts)-1 && len(part.body) < minPartSize:
			return "", partTooSmall.ToError(op, errs.Invalid, nil)
		}
		sum, _ := hex.DecodeString(part.etag)
		body, sums = append(body, part.body...), append(sums, sum...)
	}
	etag := fmt.Sprintf("%s-%d", md5Hex(sums), len(parts)) // as in S3
	m.storeObject(key, object{body, u.meta, etag, m.currentTime()})
	delete(m.uploads, id)
	return etag, nil
}

// ListParts does the same as [Bucket.ListParts].
func (m *Memory) ListParts(ctx context.Context, key, id string) ([]Part, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.findUpload(ctx, "blob.ListParts", key, id)
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, n := range slices.Sorted(maps.Keys(u.parts)) {
		parts = append(parts, Part{Number: n, ETag: u.parts[n].etag, Size: int64(len(u.parts[n].body))})
	}
	return parts, nil
}

// AbortUpload does the same as [Bucket.AbortUpload].
func (m *Memory) AbortUpload(ctx context.Context, key, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.findUpload(ctx, "blob.AbortUpload", key, id); errs.KindOf(err) != errs.NotFound {
		delete(m.uploads, id)
		return err
	}
	return nil
}

// CountUploads returns how many multipart uploads are open.
func (m *Memory) CountUploads() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.uploads)
}

// findUpload returns a multipart upload of a key. m is locked.
func (m *Memory) findUpload(ctx context.Context, op, key, id string) (*multipartUpload, error) {
	if err := wrapError(op, ctx.Err()); err != nil {
		return nil, err
	}
	u, ok := m.uploads[id]
	if !ok || u.key != key {
		return nil, uploadGone.ToError(op, errs.NotFound, nil)
	}
	return u, nil
}
