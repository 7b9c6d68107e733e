package blob

import (
	"context"
	"slices"

	"sluice/shared/domain/errs"
)

// Name does as Bucket's.
func (m *Memory) Name() string { return "bucket" }

// Look does as Bucket's.
func (m *Memory) Look(ctx context.Context, bucket, key string) (Info, error) {
	other, err := m.other("blob.Look", bucket)
	if err != nil {
		return Info{}, err
	}
	return other.Head(ctx, key)
}

// WritePart does as Bucket's.
func (m *Memory) WritePart(ctx context.Context, key, id string, n int, body []byte) (Part, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.upload(ctx, "blob.WritePart", key, id)
	if err != nil {
		return Part{}, err
	}
	u.parts[n] = object{body: slices.Clone(body), etag: sum(body)}
	return Part{Number: n, ETag: sum(body), Size: int64(len(body))}, nil
}

// CopyPart does as Bucket's.
func (m *Memory) CopyPart(ctx context.Context, key, id string, n int, from Range) (Part, error) {
	const op = "blob.CopyPart"
	other, err := m.other(op, from.Bucket)
	if err != nil {
		return Part{}, err
	}
	o, err := other.object(ctx, op, from.Key)
	switch {
	case err != nil:
		return Part{}, err
	case quote(from.ETag) != quote(o.etag):
		return Part{}, objectReplaced.Refuse(op, errs.Conflict, nil)
	}
	return m.WritePart(ctx, key, id, n, o.body[from.From:from.From+from.Size])
}

// other returns a bucket by its name.
func (m *Memory) other(op, name string) (*Memory, error) {
	if name == m.Name() {
		return m, nil
	}
	if other, ok := m.Others[name]; ok {
		return other, nil
	}
	return nil, objectMissing.Refuse(op, errs.NotFound, nil)
}
