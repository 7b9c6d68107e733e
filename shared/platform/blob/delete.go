package blob

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sluice/shared/domain/errs"
)

var errEmptyPrefix = errors.New("an empty prefix matches every object")

// DeletePrefix deletes the objects whose keys begin with prefix and returns their number. After an error some may be
// left; it may be repeated. An empty prefix is an Internal error, because it would delete all objects.
func (b *Bucket) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	const op = "blob.DeletePrefix"
	if prefix == "" {
		return 0, errs.E(op, errs.Internal, errEmptyPrefix)
	}
	n := 0
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, wrapError(op, err)
		}
		if len(page.Contents) == 0 {
			continue
		}
		all := &types.Delete{Quiet: aws.Bool(true)} // up to 1,000, which S3 accepts in one call
		for _, o := range page.Contents {
			all.Objects = append(all.Objects, types.ObjectIdentifier{Key: o.Key})
		}
		out, err := b.client.DeleteObjects(ctx,
			&s3.DeleteObjectsInput{Bucket: &b.name, Delete: all, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
		if err != nil {
			return n, wrapError(op, err)
		}
		if len(out.Errors) > 0 {
			return n, errs.E(
				op, errs.Transient,
				fmt.Errorf("%d of %d are left: %s", len(out.Errors), len(all.Objects),
					aws.ToString(out.Errors[0].Code)),
			)
		}
		n += len(all.Objects)
	}
	return n, nil
}
