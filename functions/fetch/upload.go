package fetch

import (
	"context"
	"crypto/md5" //nolint:gosec // S3's ETag of a part; it protects nothing
	"encoding/hex"
	"sync"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
)

const (
	partSize = 8 << 20 // bytes of each part except the last
	// the part that records the version of the others: S3's highest number; 8 GiB have 1,024 parts
	versionPartNumber = 10_000
)

// upload is the multipart upload that is filled. Its methods may be called concurrently.
type upload struct {
	UploadParts
	key, id string

	mu    sync.Mutex
	parts map[int]blob.Part
}

func (u *upload) addPart(p blob.Part) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts[p.Number] = p
}

// hasPart reports whether part n is uploaded with this size in bytes.
func (u *upload) hasPart(n int, size int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	p, ok := u.parts[n]
	return ok && p.Size == size
}

// hasVersionPart reports whether the version of the parts is recorded.
func (u *upload) hasVersionPart() bool {
	_, ok := u.parts[versionPartNumber]
	return ok
}

// pinVersion records the version of the parts, or fails with Conflict if another one is recorded. Parts without a
// recorded version are forgotten.
func (u *upload) pinVersion(ctx context.Context, version string) error {
	if !u.hasVersionPart() {
		clear(u.parts)
		return u.writePart(ctx, versionPartNumber, []byte(version))
	}
	sum := md5.Sum([]byte(version)) //nolint:gosec // the ETag of the part that holds version
	if u.parts[versionPartNumber].ETag != hex.EncodeToString(sum[:]) {
		return replaced.ToError("fetch.pinVersion", errs.Conflict, nil)
	}
	return nil
}

// writePart uploads part n.
func (u *upload) writePart(ctx context.Context, n int, body []byte) error {
	p, err := u.UploadPart(ctx, u.key, u.id, n, body)
	if err == nil {
		u.addPart(p)
	}
	return err
}

// completeUpload makes the object from the parts 1 to last. Transient: another delivery has replaced a part meanwhile.
func (u *upload) completeUpload(ctx context.Context, last int) error {
	parts := make([]blob.Part, last)
	for i := range parts {
		parts[i] = u.parts[i+1]
	}
	_, err := u.CompleteUpload(ctx, u.key, u.id, parts)
	if errs.KindOf(err) == errs.Invalid { // another delivery has replaced a part
		return errs.E("fetch.completeUpload", errs.Transient, err)
	}
	return err
}
