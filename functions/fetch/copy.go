package fetch

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// maxParallelCopies is how many parts S3 copies at once.
const maxParallelCopies = 16

// copyObject has S3 copy the missing parts of an object of a producer's bucket, and completes the upload. Conflict: the
// object is another version than the one that was requested, or than the one that the parts are of.
func (f Fetcher) copyObject(ctx context.Context, u *upload, o video.Origin) error {
	if err := f.checkBucket(o.Bucket); err != nil {
		return err
	}
	info, err := f.Objects.HeadObjectInBucket(ctx, o.Bucket, o.Key)
	if err != nil {
		return err
	}
	if asked := strings.Trim(o.ETag, `"`); asked != "" && asked != info.ETag {
		return replaced.ToError("fetch.copyObject", errs.Conflict, nil)
	}
	if err := checkSize(info.Size); err != nil {
		return err
	}
	if err := u.pinVersion(ctx, info.ETag); err != nil {
		return err
	}
	last, err := f.copyParts(ctx, u, blob.ObjectRange{Bucket: o.Bucket, Key: o.Key, ETag: info.ETag, Size: info.Size})
	if err != nil {
		return err
	}
	return u.completeUpload(ctx, last)
}

// copyParts copies the missing parts of an object and returns the number of the last one.
func (f Fetcher) copyParts(ctx context.Context, u *upload, whole blob.ObjectRange) (last int, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelCopies)
	for from := int64(0); from < whole.Size; from += partSize {
		last++
		n, part := last, whole
		part.From, part.Size = from, min(partSize, whole.Size-from)
		if u.hasPart(n, part.Size) {
			continue
		}
		g.Go(func() error {
			p, err := f.Objects.CopyPart(ctx, u.key, u.id, n, part)
			if err == nil {
				u.addPart(p)
			}
			return err
		})
	}
	return last, g.Wait()
}
