package blob

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"sluice/shared/domain/errs"
)

// minPart is the least number of bytes of a part before the last
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
const minPart = 5 << 20

type upload struct {
	key   string
	meta  Meta
	parts map[int]object
}

// CreateUpload does as Bucket's.
func (m *Memory) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	if err := failure("blob.CreateUpload", ctx.Err()); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.uploads == nil {
		m.uploads = map[string]*upload{}
	}
	m.last++
	id := fmt.Sprintf("upload-%d", m.last)
	m.uploads[id] = &upload{key, Meta{ContentType: contentType}, map[int]object{}}
	return id, nil
}

// CompleteUpload does as Bucket's; the very same call again says upload_gone.
func (m *Memory) CompleteUpload(ctx context.Context, key, id string, parts []Part) (string, error) {
	const op = "blob.CompleteUpload"
	if len(parts) == 0 {
		return "", partMissing.Refuse(op, errs.Invalid, nil)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.upload(ctx, op, key, id)
	if err != nil {
		return "", err
	}
	if p := u.problem(parts); p != (errs.Problem{}) {
		return "", p.Refuse(op, errs.Invalid, nil)
	}
	o := u.join(parts)
	o.at = m.now()
	m.put(key, o)
	delete(m.uploads, id)
	return o.etag, nil
}

// problem returns what is wrong with the list of an upload's parts, or the zero Problem.
func (u *upload) problem(parts []Part) errs.Problem {
	for i := range parts[1:] {
		if parts[i].Number >= parts[i+1].Number {
			return partOrder
		}
	}
	for i, p := range parts {
		have, ok := u.parts[p.Number]
		switch {
		case !ok || quote(p.ETag) != quote(have.etag):
			return partMissing
		case i < len(parts)-1 && len(have.body) < minPart:
			return partTooSmall
		}
	}
	return errs.Problem{}
}

// join returns the object of the parts, with S3's ETag: that of their sums, and how many there are.
func (u *upload) join(parts []Part) object {
	var body, sums []byte
	for _, p := range parts {
		part := u.parts[p.Number]
		body = append(body, part.body...)
		b, _ := hex.DecodeString(part.etag)
		sums = append(sums, b...)
	}
	return object{body: body, meta: u.meta, etag: fmt.Sprintf("%s-%d", sum(sums), len(parts))}
}

// ListParts does as Bucket's.
func (m *Memory) ListParts(ctx context.Context, key, id string) ([]Part, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.upload(ctx, "blob.ListParts", key, id)
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, n := range slices.Sorted(maps.Keys(u.parts)) {
		parts = append(parts, Part{Number: n, ETag: u.parts[n].etag, Size: int64(len(u.parts[n].body))})
	}
	return parts, nil
}

// AbortUpload does as Bucket's.
func (m *Memory) AbortUpload(ctx context.Context, key, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.upload(ctx, "blob.AbortUpload", key, id); errs.KindOf(err) != errs.NotFound {
		delete(m.uploads, id)
		return err
	}
	return nil
}

// upload returns an upload of an object. m is locked.
func (m *Memory) upload(ctx context.Context, op, key, id string) (*upload, error) {
	if err := failure(op, ctx.Err()); err != nil {
		return nil, err
	}
	u, ok := m.uploads[id]
	if !ok || u.key != key {
		return nil, uploadGone.Refuse(op, errs.NotFound, nil)
	}
	return u, nil
}
