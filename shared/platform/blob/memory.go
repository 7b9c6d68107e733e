package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Memory is a bucket in memory, for tests. The zero value is an empty bucket. The URLs that it presigns begin with
// memory://, and it answers requests to them as an http.RoundTripper.
type Memory struct {
	Now          func() time.Time   // nil: time.Now
	OtherBuckets map[string]*Memory // by name: other buckets that HeadObjectInBucket and CopyPart read

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

// GetObject does the same as [Bucket.GetObject].
func (m *Memory) GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error) {
	o, err := m.findObject(ctx, "blob.GetObject", key)
	if err != nil {
		return nil, video.StoredObject{}, err
	}
	return io.NopCloser(bytes.NewReader(o.body)), o.describe(), nil
}

// HeadObject does the same as [Bucket.HeadObject].
func (m *Memory) HeadObject(ctx context.Context, key string) (video.StoredObject, error) {
	o, err := m.findObject(ctx, "blob.HeadObject", key)
	if err != nil {
		return video.StoredObject{}, err
	}
	return o.describe(), nil
}

// PutObject does the same as [Bucket.PutObject].
func (m *Memory) PutObject(ctx context.Context, key string, body io.ReadSeeker, meta Metadata) error {
	return m.writeObject(ctx, "blob.PutObject", key, nil, body, meta)
}

// ReplaceObject does the same as [Bucket.ReplaceObject].
func (m *Memory) ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, meta Metadata) error {
	return m.writeObject(ctx, "blob.ReplaceObject", key, &etag, body, meta)
}

// writeObject writes an object; if etag is not nil, only in the place of one that has that ETag.
func (m *Memory) writeObject(
	ctx context.Context, op, key string, etag *string, body io.ReadSeeker, meta Metadata,
) error {
	if err := wrapError(op, ctx.Err()); err != nil {
		return err
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return wrapError(op, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if etag != nil && m.objects[key].etag != strings.Trim(*etag, `"`) { // a missing object has the ETag ""
		return objectReplaced.ToError(op, errs.Conflict, nil)
	}
	m.storeObject(key, object{b, meta, md5Hex(b), m.currentTime()})
	return nil
}

// DownloadObject does the same as [Bucket.DownloadObject].
func (m *Memory) DownloadObject(ctx context.Context, key, etag string, w io.Writer) error {
	const op = "blob.DownloadObject"
	o, err := m.findObject(ctx, op, key)
	if err != nil {
		return err
	}
	if quoteETag(etag) != quoteETag(o.etag) {
		return objectReplaced.ToError(op, errs.Conflict, nil)
	}
	return copyBody(op, w, bytes.NewReader(o.body))
}

// DownloadRange does the same as [Bucket.DownloadRange].
func (m *Memory) DownloadRange(ctx context.Context, key, etag string, from, length int64, w io.Writer) error {
	const op = "blob.DownloadRange"
	o, err := m.findObject(ctx, op, key)
	if err != nil {
		return err
	}
	if etag != "" && quoteETag(etag) != quoteETag(o.etag) {
		return objectReplaced.ToError(op, errs.Conflict, nil)
	}
	size := int64(len(o.body))
	if from < 0 || from >= size || length < 1 {
		return errs.E(op, errs.Internal, errRange)
	}
	return copyBody(op, w, bytes.NewReader(o.body[from:min(from+length, size)]))
}

// DeletePrefix does the same as [Bucket.DeletePrefix].
func (m *Memory) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	const op = "blob.DeletePrefix"
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

// ListKeys returns the keys that begin with prefix in ascending order.
func (m *Memory) ListKeys(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.objects)), func(key string) bool {
		return !strings.HasPrefix(key, prefix)
	})
}

var errRange = errors.New("the range is not within the object")

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

func md5Hex(b []byte) string { return ETagOf(string(b)) }
