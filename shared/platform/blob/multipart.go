package blob

import (
	"context"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sluice/shared/domain/errs"
)

// PresignGet returns a URL that reads an object, there or not, for as long as ttl.
func (b *Bucket) PresignGet(ctx context.Context, key string, ttl time.Duration) (string, error) {
	out, err := b.signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", wrapError("blob.SignGet", err)
	}
	return out.URL, nil
}

// CreateUpload begins a multipart upload of an object and returns its id.
func (b *Bucket) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	out, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &b.name, Key: &key, ContentType: nilIfEmpty(contentType),
	})
	if err != nil {
		return "", wrapError("blob.CreateUpload", err)
	}
	return aws.ToString(out.UploadId), nil
}

// PresignPart returns a URL to which part n of an upload can be put, and the moment it expires. The length is signed: S3
// refuses a body that has not exactly that many bytes.
func (b *Bucket) PresignPart(ctx context.Context, key, id string, n int, bytes int64, ttl time.Duration) (string, time.Time, error) {
	const op = "blob.SignPart"
	out, err := b.signer.PresignUploadPart(ctx, &s3.UploadPartInput{
		Bucket: &b.name, Key: &key, UploadId: &id, PartNumber: aws.Int32(int32(n)), ContentLength: &bytes,
	}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", time.Time{}, wrapError(op, err)
	}
	expires, err := parseExpiry(out.URL)
	if err != nil {
		return "", time.Time{}, errs.E(op, errs.Internal, err)
	}
	return out.URL, expires, nil
}

// parseExpiry returns when a signed URL ends, from what is signed
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
func parseExpiry(signed string) (time.Time, error) {
	u, err := url.Parse(signed)
	if err != nil {
		return time.Time{}, err
	}
	begins, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	if err != nil {
		return time.Time{}, err
	}
	ttl, err := time.ParseDuration(u.Query().Get("X-Amz-Expires") + "s")
	return begins.Add(ttl), err
}

// CompleteUpload makes the object of its parts, in the order of their numbers, and returns its ETag.
//
// Invalid: part_missing (one was not uploaded, or has another ETag, or there are none), part_order (they don't ascend),
// part_too_small (one before the last has under 5 MiB). NotFound, upload_gone: the upload was aborted, or completed
// already: S3 may answer the very same call again with the same ETag, or with this.
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

// ListParts returns all parts that an upload has, by number. NotFound, upload_gone: there is no such upload any more.
func (b *Bucket) ListParts(ctx context.Context, key, id string) ([]Part, error) {
	pages := s3.NewListPartsPaginator(b.client, &s3.ListPartsInput{Bucket: &b.name, Key: &key, UploadId: &id})
	var parts []Part
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, wrapError("blob.ListParts", err)
		}
		for _, p := range out.Parts {
			parts = append(parts, Part{Number: int(aws.ToInt32(p.PartNumber)), ETag: unquoteETag(p.ETag), Size: aws.ToInt64(p.Size)})
		}
	}
	return parts, nil
}

// AbortUpload ends an upload and drops its parts. An upload that is gone is no error.
func (b *Bucket) AbortUpload(ctx context.Context, key, id string) error {
	_, err := b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &b.name, Key: &key, UploadId: &id})
	if err := wrapError("blob.AbortUpload", err); errs.KindOf(err) != errs.NotFound {
		return err
	}
	return nil
}
