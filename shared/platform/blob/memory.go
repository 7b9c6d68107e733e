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
)

// Memory keeps objects in memory, with the same answers as Bucket; the zero value is empty and ready. It is for tests.
// The URLs it signs begin with memory://, and it answers them as an http.RoundTripper.
type Memory struct {
	Now    func() time.Time   // nil: time.Now
	Others map[string]*Memory // by name: other buckets, which can be copied from

	mu      sync.Mutex
	objects map[string]object
	uploads map[string]*upload // by id
	last    int                // number of the newest upload
}

type object struct {
	body []byte
	meta Meta
	etag string
	at   time.Time
}

// Get does as Bucket's.
func (m *Memory) Get(ctx context.Context, key string) (io.ReadCloser, Info, error) {
	o, err := m.object(ctx, "blob.Get", key)
	if err != nil {
		return nil, Info{}, err
	}
	return io.NopCloser(bytes.NewReader(o.body)), o.info(), nil
}

// Head does as Bucket's.
func (m *Memory) Head(ctx context.Context, key string) (Info, error) {
	o, err := m.object(ctx, "blob.Head", key)
	if err != nil {
		return Info{}, err
	}
	return o.info(), nil
}

// Put does as Bucket's.
func (m *Memory) Put(ctx context.Context, key string, body io.ReadSeeker, meta Meta) error {
	const op = "blob.Put"
	if err := failure(op, ctx.Err()); err != nil {
		return err
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return failure(op, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, object{b, meta, sum(b), m.now()})
	return nil
}

// Replace does as Bucket's.
func (m *Memory) Replace(ctx context.Context, key, etag string, body io.ReadSeeker, meta Meta) error {
	const op = "blob.Replace"
	if err := failure(op, ctx.Err()); err != nil {
		return err
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return failure(op, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects[key].etag != strings.Trim(etag, `"`) { // that of none is empty
		return objectReplaced.Refuse(op, errs.Conflict, nil)
	}
	m.put(key, object{b, meta, sum(b), m.now()})
	return nil
}

// Download does as Bucket's.
func (m *Memory) Download(ctx context.Context, key, etag string, w io.Writer) error {
	const op = "blob.Download"
	o, err := m.object(ctx, op, key)
	if err != nil {
		return err
	}
	if quote(etag) != quote(o.etag) {
		return objectReplaced.Refuse(op, errs.Conflict, nil)
	}
	return transfer(op, w, bytes.NewReader(o.body))
}

// DeleteAll does as Bucket's.
func (m *Memory) DeleteAll(ctx context.Context, prefix string) (int, error) {
	const op = "blob.DeleteAll"
	if prefix == "" {
		return 0, errs.E(op, errs.Internal, errAll)
	}
	if err := failure(op, ctx.Err()); err != nil {
		return 0, err
	}
	keys := m.Keys(prefix)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.objects, key)
	}
	return len(keys), nil
}

// Keys returns the keys that begin with prefix, ascending: for tests to see what was written.
func (m *Memory) Keys(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.objects)), func(key string) bool { return !strings.HasPrefix(key, prefix) })
}

func (m *Memory) object(ctx context.Context, op, key string) (object, error) {
	if err := failure(op, ctx.Err()); err != nil {
		return object{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		return object{}, objectMissing.Refuse(op, errs.NotFound, nil)
	}
	return o, nil
}

func (m *Memory) put(key string, o object) {
	if m.objects == nil {
		m.objects = map[string]object{}
	}
	m.objects[key] = o
}

func (o object) info() Info { return Info{int64(len(o.body)), o.etag, o.meta.ContentType, o.at} }

func sum(b []byte) string {
	s := md5.Sum(b) //nolint:gosec // S3's ETag
	return hex.EncodeToString(s[:])
}
