package remux

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/defragment"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

const (
	partSize           = 16 << 20 // bytes of each part but the last; an upload has at most 10,000
	maxParallelUploads = 3        // one part more is in memory while it fills, and the first until the end
	abortTimeout       = 5 * time.Second
)

// upload writes an object in parts, while it is being made. Its first part is kept to the end, because the beginning
// of the file states its size.
type upload struct {
	store   CopyStore
	key, id string
	ctx     context.Context
	running *errgroup.Group
	first   []byte
	current []byte
	size    int64
	parts   []*blob.Part
	err     error // the first error
}

func newUpload(ctx context.Context, store CopyStore, key, id string) *upload {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelUploads)
	return &upload{store: store, key: key, id: id, ctx: ctx, running: g}
}

// Write takes the next bytes of the object. When a part is full, it waits until it may be uploaded.
func (u *upload) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if len(u.current) == partSize {
			u.startPart()
		}
		if u.current == nil {
			u.current = make([]byte, 0, partSize)
		}
		n := min(len(rest), partSize-len(u.current))
		u.current, rest = append(u.current, rest[:n]...), rest[n:]
	}
	if u.err == nil && u.ctx.Err() != nil { // a part could not be uploaded
		u.err = u.running.Wait()
	}
	u.size += int64(len(p))
	return len(p), u.err
}

// startPart begins to upload the current part, unless it is the first.
func (u *upload) startPart() {
	body, part := u.current, &blob.Part{}
	u.current, u.parts = nil, append(u.parts, part)
	if len(u.parts) == 1 {
		u.first = body
		return
	}
	n := len(u.parts)
	u.running.Go(func() (err error) {
		*part, err = u.store.UploadPart(u.ctx, u.key, u.id, n, body)
		return err
	})
}

// complete makes the object, after its beginning was replaced.
func (u *upload) complete(ctx context.Context, begin defragment.Patch) (*video.Copy, error) {
	u.startPart()
	if begin.At+int64(len(begin.Bytes)) > int64(len(u.first)) {
		return nil, errs.E("remux.complete", errs.Invalid, errors.New("the beginning is too long"))
	}
	copy(u.first[begin.At:], begin.Bytes)
	if err := u.running.Wait(); err != nil {
		return nil, err
	}
	part, err := u.store.UploadPart(ctx, u.key, u.id, 1, u.first)
	if err != nil {
		return nil, err
	}
	*u.parts[0] = part
	parts := make([]blob.Part, len(u.parts))
	for i, p := range u.parts {
		parts[i] = *p
	}
	etag, err := u.store.CompleteUpload(ctx, u.key, u.id, parts)
	if err != nil {
		return nil, err
	}
	return &video.Copy{ETag: etag, Size: u.size}, nil
}

// abort ends the upload. What it can't remove, the lifecycle of the bucket does.
func (u *upload) abort(ctx context.Context) {
	_ = u.running.Wait()
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer done()
	_ = u.store.AbortUpload(ctx, u.key, u.id)
}
