package fetch

import (
	"context"
	"crypto/md5" //nolint:gosec // the ETag of a part; nothing is protected by it
	"encoding/hex"
	"sync"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
)

const (
	partSize = 8 << 20 // bytes of a part but the last
	noted    = 10_000  // number of the part that notes of which version the others are: S3's highest, and 8 GiB have fewer
)

// upload is the multipart upload that is filled. It may be used by many at once.
type upload struct {
	Parts
	key, id string

	mu   sync.Mutex
	have map[int]blob.Part
}

// resume returns an upload with the parts that it has. NotFound, upload_gone: it is completed or was given up.
func resume(ctx context.Context, in Parts, key, id string) (*upload, error) {
	parts, err := in.ListParts(ctx, key, id)
	if err != nil {
		return nil, err
	}
	u := &upload{Parts: in, key: key, id: id, have: map[int]blob.Part{}}
	for _, p := range parts {
		u.add(p)
	}
	return u, nil
}

func (u *upload) add(p blob.Part) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.have[p.Number] = p
}

// has reports whether part n is there with that size in bytes.
func (u *upload) has(n int, size int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	p, ok := u.have[n]
	return ok && p.Size == size
}

// noted reports whether it is known of which version the parts are.
func (u *upload) noted() bool {
	_, ok := u.have[noted]
	return ok
}

// pin makes all parts those of one version of the original, which must be known by something that no other version
// has. Conflict: they are another's. Parts of which nothing is known are forgotten.
func (u *upload) pin(ctx context.Context, version string) error {
	if !u.noted() {
		clear(u.have)
		return u.write(ctx, noted, []byte(version))
	}
	sum := md5.Sum([]byte(version)) //nolint:gosec // as S3 does
	if u.have[noted].ETag != hex.EncodeToString(sum[:]) {
		return replaced.Refuse("fetch.pin", errs.Conflict, nil)
	}
	return nil
}

// write uploads part n.
func (u *upload) write(ctx context.Context, n int, body []byte) error {
	p, err := u.WritePart(ctx, u.key, u.id, n, body)
	if err == nil {
		u.add(p)
	}
	return err
}

// complete makes the object of the parts up to the last.
func (u *upload) complete(ctx context.Context, last int) error {
	parts := make([]blob.Part, last)
	for i := range parts {
		parts[i] = u.have[i+1]
	}
	_, err := u.CompleteUpload(ctx, u.key, u.id, parts)
	if errs.KindOf(err) == errs.Invalid { // another delivery has replaced a part
		return errs.E("fetch.complete", errs.Transient, err)
	}
	return err
}
