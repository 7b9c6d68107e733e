package blob

import (
	"cmp"
	"context"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sluice/shared/domain/errs"
)

// PresignGet returns a URL that reads an object and expires after ttl. It does not check that the object exists.
func (b *Bucket) PresignGet(ctx context.Context, key string, ttl time.Duration) (string, error) {
	out, err := b.signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key},
		s3.WithPresignExpires(ttl))
	if err != nil {
		return "", wrapError("blob.PresignGet", err)
	}
	return out.URL, nil
}

// CreateUpload starts a multipart upload of an object and returns its id.
func (b *Bucket) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	out, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &b.name, Key: &key, ContentType: nilIfEmpty(contentType),
	})
	if err != nil {
		return "", wrapError("blob.CreateUpload", err)
	}
	return aws.ToString(out.UploadId), nil
}

// PresignPart returns a URL to which a client can put part n of a multipart upload, and the time when it expires. The
// length in bytes is signed: S3 rejects a body of another length.
func (b *Bucket) PresignPart(
	ctx context.Context, key, id string, n int, bytes int64, ttl time.Duration,
) (string, time.Time, error) {
	const op = "blob.PresignPart"
	out, err := b.signer.PresignUploadPart(ctx, &s3.UploadPartInput{
		Bucket: &b.name, Key: &key, UploadId: &id, PartNumber: aws.Int32(int32(n)), ContentLength: &bytes,
	}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", time.Time{}, wrapError(op, err)
	}
	u, err := url.Parse(out.URL)
	if err != nil {
		return "", time.Time{}, errs.E(op, errs.Internal, err)
	}
	// The parameters of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html.
	begins, badDate := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	lifetime, badLifetime := time.ParseDuration(u.Query().Get("X-Amz-Expires") + "s")
	if err := cmp.Or(badDate, badLifetime); err != nil {
		return "", time.Time{}, errs.E(op, errs.Internal, err)
	}
	return out.URL, begins.Add(lifetime), nil
}

// CompleteUpload joins the parts of a multipart upload, whose numbers must ascend, to an object and returns its ETag.
//
// Invalid: part_missing (a part was not uploaded or has another ETag, or there are no parts), part_order (the numbers
// don't ascend), part_too_small (a part before the last has less than 5 MiB). NotFound, code upload_gone: the upload
// was aborted or completed. S3 may answer a repetition with the same ETag or with this error.
func (b *Bucket) CompleteUpload(ctx context.Context, key, id string, parts []Part) (string, error) {
	const op = "blob.CompleteUpload"
	if len(parts) == 0 {
		return "", partMissing.ToError(op, errs.Invalid, nil)
	}
	done := make([]types.CompletedPart, len(parts))
	for i, p := range parts {
		done[i] = types.CompletedPart{PartNumber: aws.Int32(int32(p.Number)), ETag: aws.String(quoteETag(p.ETag))}
	}
	out, err := b.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &b.name, Key: &key, UploadId: &id, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
	})
	if err != nil {
		return "", wrapError(op, err)
	}
	return unquoteETag(out.ETag), nil
}

// ListParts returns all parts of a multipart upload by number. NotFound, code upload_gone: it was completed or aborted.
func (b *Bucket) ListParts(ctx context.Context, key, id string) ([]Part, error) {
	pages := s3.NewListPartsPaginator(b.client, &s3.ListPartsInput{Bucket: &b.name, Key: &key, UploadId: &id})
	var parts []Part
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, wrapError("blob.ListParts", err)
		}
		for _, p := range out.Parts {
			parts = append(parts,
				Part{Number: int(aws.ToInt32(p.PartNumber)), ETag: unquoteETag(p.ETag), Size: aws.ToInt64(p.Size)})
		}
	}
	return parts, nil
}

// AbortUpload ends a multipart upload and deletes its parts. It is no error if there is no such upload.
func (b *Bucket) AbortUpload(ctx context.Context, key, id string) error {
	_, err := b.client.AbortMultipartUpload(ctx,
		&s3.AbortMultipartUploadInput{Bucket: &b.name, Key: &key, UploadId: &id})
	if err := wrapError("blob.AbortUpload", err); errs.KindOf(err) != errs.NotFound {
		return err
	}
	return nil
}
