package fetch

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// copies are those that S3 makes at once.
const copies = 16

// copy has S3 copy an object from a producer's bucket, those parts of it that are not there yet.
func (f Fetcher) copy(ctx context.Context, u *upload, o video.Origin) error {
	if err := f.admit(o.Bucket); err != nil {
		return err
	}
	info, err := f.From.Look(ctx, o.Bucket, o.Key)
	if err != nil {
		return err
	}
	if asked := strings.Trim(o.ETag, `"`); asked != "" && asked != info.ETag {
		return replaced.Refuse("fetch.copy", errs.Conflict, nil)
	}
	if err := fits(info.Size); err != nil {
		return err
	}
	if err := u.pin(ctx, info.ETag); err != nil {
		return err
	}
	last, err := f.copyParts(ctx, u, blob.Range{Bucket: o.Bucket, Key: o.Key, ETag: info.ETag, Size: info.Size})
	if err != nil {
		return err
	}
	return u.complete(ctx, last)
}

// copyParts copies the parts of an object that are missing, and returns how many there are then.
func (f Fetcher) copyParts(ctx context.Context, u *upload, whole blob.Range) (last int, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(copies)
	for from := int64(0); from < whole.Size; from += partSize {
		last++
		n, part := last, whole
		part.From, part.Size = from, min(partSize, whole.Size-from)
		if u.has(n, part.Size) {
			continue
		}
		g.Go(func() error {
			p, err := f.From.CopyPart(ctx, u.key, u.id, n, part)
			if err == nil {
				u.add(p)
			}
			return err
		})
	}
	return last, g.Wait()
}
