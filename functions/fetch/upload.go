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
	partSize          = 8 << 20 // bytes of a part but the last
	versionPartNumber = 10_000  // number of the part that notes of which version the others are: S3's highest, and 8 GiB have fewer
)

// upload is the multipart upload that is filled. It may be used by many at once.
type upload struct {
	UploadParts
	key, id string

	mu    sync.Mutex
	parts map[int]blob.Part
}

// resumeUpload returns an upload with the parts that it has. NotFound, upload_gone: it is completed or was given up.
func resumeUpload(ctx context.Context, in UploadParts, key, id string) (*upload, error) {
	parts, err := in.ListParts(ctx, key, id)
	if err != nil {
		return nil, err
	}
	u := &upload{UploadParts: in, key: key, id: id, parts: map[int]blob.Part{}}
	for _, p := range parts {
		u.addPart(p)
	}
	return u, nil
}

func (u *upload) addPart(p blob.Part) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts[p.Number] = p
}

// hasPart reports whether part n is there with that size in bytes.
func (u *upload) hasPart(n int, size int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	p, ok := u.parts[n]
	return ok && p.Size == size
}

// hasVersionPart reports whether it is known of which version the parts are.
func (u *upload) hasVersionPart() bool {
	_, ok := u.parts[versionPartNumber]
	return ok
}

// pinVersion makes all parts those of one version of the original, which must be known by something that no other version
// has. Conflict: they are another's. Parts of which nothing is known are forgotten.
func (u *upload) pinVersion(ctx context.Context, version string) error {
	if !u.hasVersionPart() {
		clear(u.parts)
		return u.writePart(ctx, versionPartNumber, []byte(version))
	}
	sum := md5.Sum([]byte(version)) //nolint:gosec // as S3 does
	if u.parts[versionPartNumber].ETag != hex.EncodeToString(sum[:]) {
		return replaced.ToError("fetch.pin", errs.Conflict, nil)
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

// completeUpload makes the object of the parts up to the last.
func (u *upload) completeUpload(ctx context.Context, last int) error {
	parts := make([]blob.Part, last)
	for i := range parts {
		parts[i] = u.parts[i+1]
	}
	_, err := u.CompleteUpload(ctx, u.key, u.id, parts)
	if errs.KindOf(err) == errs.Invalid { // another delivery has replaced a part
		return errs.E("fetch.complete", errs.Transient, err)
	}
	return err
}
