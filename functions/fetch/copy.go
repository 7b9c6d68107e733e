package fetch

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// maxParallelCopies is how many parts S3 copies at once.
const maxParallelCopies = 16

// copyObject has S3 copy the missing parts of an object of a producer's bucket, and completes the upload. Conflict: the
// object is another version than the one that was requested, or than the one that the parts are of.
func (f Fetcher) copyObject(ctx context.Context, u *upload, o video.Origin) error {
	// whatever the message says
	if !services.ValidProducerBucket(o.Bucket) || !slices.Contains(f.AllowedBuckets, o.Bucket) {
		return bucketNotRegistered.ToError("fetch.copyObject", errs.Forbidden, nil)
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
	last := 0
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelCopies)
	for from := int64(0); from < info.Size; from += partSize {
		last++
		n, part := last, blob.ObjectRange{
			Bucket: o.Bucket, Key: o.Key, ETag: info.ETag, From: from, Size: min(partSize, info.Size-from),
		}
		if u.hasPart(n, part.Size) {
			continue
		}
		g.Go(func() error {
			p, err := f.Objects.CopyPart(gctx, u.key, u.id, n, part)
			if err == nil {
				u.addPart(p)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return u.completeUpload(ctx, last)
}
