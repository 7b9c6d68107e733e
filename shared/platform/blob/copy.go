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

// ObjectRange names bytes of an object in any bucket that S3 lets us read.
type ObjectRange struct {
	Bucket, Key string
	ETag        string // the object must have it
	From, Size  int64  // bytes
}

// Name returns the bucket's name.
func (b *Bucket) Name() string { return b.name }

// HeadObjectInBucket returns what is known of an object in another bucket. NotFound: there is no such object or bucket; Forbidden,
// object_forbidden: S3 does not let us read it; Invalid, object_archived or bucket_elsewhere: it can't be read as it is.
func (b *Bucket) HeadObjectInBucket(ctx context.Context, bucket, key string) (video.StoredObject, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return video.StoredObject{}, wrapForeignError("blob.Look", err)
	}
	return video.StoredObject{Size: aws.ToInt64(out.ContentLength), ETag: unquoteETag(out.ETag), ContentType: aws.ToString(out.ContentType)}, nil
}

// UploadPart uploads part n of an upload, which replaces one of that number. S3 checks it against its MD5, which then is
// its ETag. NotFound, upload_gone: there is no such upload any more.
func (b *Bucket) UploadPart(ctx context.Context, key, id string, n int, body []byte) (Part, error) {
	sum := md5.Sum(body) //nolint:gosec // an upload begun without another checksum takes no other
	out, err := b.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &b.name, Key: &key, UploadId: &id, PartNumber: aws.Int32(int32(n)), Body: bytes.NewReader(body),
		ContentMD5: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
	})
	if err != nil {
		return Part{}, wrapError("blob.WritePart", err)
	}
	return Part{Number: n, ETag: unquoteETag(out.ETag), Size: int64(len(body))}, nil
}

// CopyPart has S3 copy part n of an upload from an object; the bytes don't pass through us. Conflict, object_replaced:
// the object has another ETag; NotFound: it, or the upload, is gone; Forbidden, object_forbidden: S3 does not let us
// read it, or the key that it is encrypted with.
func (b *Bucket) CopyPart(ctx context.Context, key, id string, n int, from ObjectRange) (Part, error) {
	const op = "blob.CopyPart"
	out, err := b.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: &b.name, Key: &key, UploadId: &id, PartNumber: aws.Int32(int32(n)),
		CopySource: aws.String(from.copySource()), CopySourceIfMatch: aws.String(quoteETag(from.ETag)),
		CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", from.From, from.From+from.Size-1)),
	})
	switch {
	case err != nil:
		return Part{}, wrapForeignError(op, err)
	case out.CopyPartResult == nil:
		return Part{}, errs.E(op, errs.Transient, fmt.Errorf("S3 says nothing of part %d", n))
	}
	return Part{Number: n, ETag: unquoteETag(out.CopyPartResult.ETag), Size: from.Size}, nil
}

// copySource returns the object's name as S3 wants it: escaped, but for the slashes, and a plus is no space.
func (r ObjectRange) copySource() string {
	key := strings.ReplaceAll(url.QueryEscape(r.Key), "+", "%20")
	return r.Bucket + "/" + strings.ReplaceAll(key, "%2F", "/")
}
