package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// PresignGet does the same as [Bucket.PresignGet].
func (m *Memory) PresignGet(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return m.presignURL(ctx, "blob.PresignGet", key, m.currentTime().Add(ttl), url.Values{})
}

// PresignPart does the same as [Bucket.PresignPart].
func (m *Memory) PresignPart(
	ctx context.Context, key, id string, n int, bytes int64, ttl time.Duration,
) (string, time.Time, error) {
	expires := m.currentTime().Add(ttl)
	signed, err := m.presignURL(ctx, "blob.PresignPart", key, expires, url.Values{
		"upload": {id}, "part": {strconv.Itoa(n)}, "length": {strconv.FormatInt(bytes, 10)},
	})
	return signed, expires, err
}

func (m *Memory) presignURL(ctx context.Context, op, key string, expires time.Time, q url.Values) (string, error) {
	if err := wrapError(op, ctx.Err()); err != nil {
		return "", err
	}
	q.Set("expires", expires.Format(time.RFC3339Nano))
	u := url.URL{Scheme: "memory", Host: "bucket", Path: "/" + key, RawQuery: q.Encode()}
	return u.String(), nil
}

func (m *Memory) currentTime() time.Time {
	if m.Now == nil {
		return time.Now().UTC()
	}
	return m.Now().UTC()
}

// PutPresignedPart puts body to a URL of PresignPart, as a client does over HTTP, and returns the part's ETag.
func (m *Memory) PutPresignedPart(ctx context.Context, signed string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, signed, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	res, err := m.RoundTrip(req)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("put %s: %s", req.URL.Path, res.Status)
	}
	return res.Header.Get("ETag"), nil
}

// RoundTrip answers a request to a presigned URL with the status that S3 has: 403 if the URL has expired or does not
// match the request, 404 if there is no such object or upload.
func (m *Memory) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	q := r.URL.Query()
	expires, err := time.Parse(time.RFC3339Nano, q.Get("expires"))
	if err != nil || !m.currentTime().Before(expires) {
		return newResponse(r, http.StatusForbidden, nil, nil), nil
	}
	key := r.URL.Path[1:]
	switch {
	case r.Method == http.MethodGet && !q.Has("part"):
		return m.serveGet(r, key), nil
	case r.Method == http.MethodPut && q.Get("length") == strconv.Itoa(len(body)):
		return m.servePutPart(r, key, body), nil
	}
	return newResponse(r, http.StatusForbidden, nil, nil), nil
}

func (m *Memory) serveGet(r *http.Request, key string) *http.Response {
	o, err := m.findObject(r.Context(), "blob.RoundTrip", key)
	if err != nil {
		return newResponse(r, http.StatusNotFound, nil, nil)
	}
	h := http.Header{"Etag": {quoteETag(o.etag)}, "Content-Type": {o.meta.ContentType}}
	if o.meta.CacheControl != "" {
		h.Set("Cache-Control", o.meta.CacheControl)
	}
	return newResponse(r, http.StatusOK, h, o.body)
}

func (m *Memory) servePutPart(r *http.Request, key string, body []byte) *http.Response {
	q := r.URL.Query()
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.findUpload(r.Context(), "blob.RoundTrip", key, q.Get("upload"))
	if err != nil {
		return newResponse(r, http.StatusNotFound, nil, nil)
	}
	n, err := strconv.Atoi(q.Get("part"))
	if err != nil {
		return newResponse(r, http.StatusForbidden, nil, nil)
	}
	u.parts[n] = object{body: body, etag: md5Hex(body)}
	return newResponse(r, http.StatusOK, http.Header{"Etag": {quoteETag(md5Hex(body))}}, nil)
}

func newResponse(r *http.Request, status int, h http.Header, body []byte) *http.Response {
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status, Request: r, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)),
		Body: io.NopCloser(bytes.NewReader(body)),
	}
}
