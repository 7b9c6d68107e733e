package blob

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3's ETag; nothing is protected by it
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Memory keeps objects in memory, with the same answers as Bucket; the zero value is empty and ready. It is for tests.
// The URLs it signs begin with memory://, and it answers them as an http.RoundTripper.
type Memory struct {
	Now          func() time.Time   // nil: time.Now
	OtherBuckets map[string]*Memory // by name: other buckets, which can be copied from

	mu         sync.Mutex
	objects    map[string]object
	uploads    map[string]*multipartUpload // by id
	lastUpload int                         // number of the newest upload
}

type object struct {
	body     []byte
	meta     Metadata
	etag     string
	modified time.Time
}

// GetObject does as Bucket's.
func (m *Memory) GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error) {
	o, err := m.findObject(ctx, "blob.Get", key)
	if err != nil {
		return nil, video.StoredObject{}, err
	}
	return io.NopCloser(bytes.NewReader(o.body)), o.describe(), nil
}

// HeadObject does as Bucket's.
func (m *Memory) HeadObject(ctx context.Context, key string) (video.StoredObject, error) {
	o, err := m.findObject(ctx, "blob.Head", key)
	if err != nil {
		return video.StoredObject{}, err
	}
	return o.describe(), nil
}

// PutObject does as Bucket's.
func (m *Memory) PutObject(ctx context.Context, key string, body io.ReadSeeker, meta Metadata) error {
	const op = "blob.Put"
	if err := wrapError(op, ctx.Err()); err != nil {
		return err
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return wrapError(op, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.storeObject(key, object{b, meta, md5Hex(b), m.currentTime()})
	return nil
}

// ReplaceObject does as Bucket's.
func (m *Memory) ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, meta Metadata) error {
	const op = "blob.Replace"
	if err := wrapError(op, ctx.Err()); err != nil {
		return err
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return wrapError(op, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects[key].etag != strings.Trim(etag, `"`) { // that of none is empty
		return objectReplaced.ToError(op, errs.Conflict, nil)
	}
	m.storeObject(key, object{b, meta, md5Hex(b), m.currentTime()})
	return nil
}

// DownloadObject does as Bucket's.
func (m *Memory) DownloadObject(ctx context.Context, key, etag string, w io.Writer) error {
	const op = "blob.Download"
	o, err := m.findObject(ctx, op, key)
	if err != nil {
		return err
	}
	if quoteETag(etag) != quoteETag(o.etag) {
		return objectReplaced.ToError(op, errs.Conflict, nil)
	}
	return copyBody(op, w, bytes.NewReader(o.body))
}

// DeletePrefix does as Bucket's.
func (m *Memory) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	const op = "blob.DeleteAll"
	if prefix == "" {
		return 0, errs.E(op, errs.Internal, errEmptyPrefix)
	}
	if err := wrapError(op, ctx.Err()); err != nil {
		return 0, err
	}
	keys := m.ListKeys(prefix)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.objects, key)
	}
	return len(keys), nil
}

// ListKeys returns the keys that begin with prefix, ascending: for tests to see what was written.
func (m *Memory) ListKeys(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.objects)), func(key string) bool { return !strings.HasPrefix(key, prefix) })
}

func (m *Memory) findObject(ctx context.Context, op, key string) (object, error) {
	if err := wrapError(op, ctx.Err()); err != nil {
		return object{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		return object{}, objectMissing.ToError(op, errs.NotFound, nil)
	}
	return o, nil
}

func (m *Memory) storeObject(key string, o object) {
	if m.objects == nil {
		m.objects = map[string]object{}
	}
	m.objects[key] = o
}

func (o object) describe() video.StoredObject {
	return video.StoredObject{Size: int64(len(o.body)), ETag: o.etag, ContentType: o.meta.ContentType, At: o.modified}
}

func md5Hex(b []byte) string {
	s := md5.Sum(b) //nolint:gosec // S3's ETag
	return hex.EncodeToString(s[:])
}
