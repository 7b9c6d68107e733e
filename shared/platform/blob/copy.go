package blob

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3's; nothing is protected by it
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// ObjectRange is a range of bytes of an object in any bucket that the service may read.
type ObjectRange struct {
	Bucket, Key string
	ETag        string // the object must have it
	From, Size  int64  // bytes
}

// Name returns the bucket's name.
func (b *Bucket) Name() string { return b.name }

// HeadObjectInBucket returns the properties of an object in another bucket. NotFound, code object_not_found: there is
// no such object or bucket. Forbidden, code object_forbidden: the service may not read it. Invalid, code
// object_archived or bucket_elsewhere: the object is archived, or in another region.
func (b *Bucket) HeadObjectInBucket(ctx context.Context, bucket, key string) (video.StoredObject, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return video.StoredObject{}, wrapForeignError("blob.HeadObjectInBucket", err)
	}
	return video.StoredObject{
		Size: aws.ToInt64(out.ContentLength), ETag: unquoteETag(out.ETag), ContentType: aws.ToString(out.ContentType),
	}, nil
}

// UploadPart uploads part n of a multipart upload and replaces a part of that number. S3 checks the MD5 of the body,
// which becomes the ETag. NotFound, code upload_gone: the upload was completed or aborted.
func (b *Bucket) UploadPart(ctx context.Context, key, id string, n int, body []byte) (Part, error) {
	sum := md5.Sum(body) //nolint:gosec // an upload begun without another checksum takes no other
	out, err := b.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &b.name, Key: &key, UploadId: &id, PartNumber: aws.Int32(int32(n)), Body: bytes.NewReader(body),
		ContentMD5: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
	})
	if err != nil {
		return Part{}, wrapError("blob.UploadPart", err)
	}
	return Part{Number: n, ETag: unquoteETag(out.ETag), Size: int64(len(body))}, nil
}

// CopyPart makes S3 copy part n of a multipart upload from another object. Conflict, code object_replaced: the object
// has another ETag. NotFound: the object (object_not_found) or the upload (upload_gone) does not exist. Forbidden,
// code object_forbidden: the service may not read the object, or use the KMS key that encrypts it.
func (b *Bucket) CopyPart(ctx context.Context, key, id string, n int, from ObjectRange) (Part, error) {
	const op = "blob.CopyPart"
	// Bucket and key, escaped except for slashes, with %20 for a space
	// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html).
	escaped := strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(from.Key))
	out, err := b.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: &b.name, Key: &key, UploadId: &id, PartNumber: aws.Int32(int32(n)),
		CopySource: aws.String(from.Bucket + "/" + escaped), CopySourceIfMatch: aws.String(quoteETag(from.ETag)),
		CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", from.From, from.From+from.Size-1)),
	})
	switch {
	case err != nil:
		return Part{}, wrapForeignError(op, err)
	case out.CopyPartResult == nil:
		return Part{}, errs.E(op, errs.Transient, fmt.Errorf("the answer has no result for part %d", n))
	}
	return Part{Number: n, ETag: unquoteETag(out.CopyPartResult.ETag), Size: from.Size}, nil
}
