// Package blob reads and writes the objects of one S3 bucket, and presigns URLs with which clients read and write
// them directly. [Bucket] is a bucket in S3, [Memory] one in memory for tests. blobtest.Run checks that both behave
// the same.
//
// The IAM actions that the methods need, limited to the bucket and the key prefixes that a service may access:
//
//	s3:GetObject                 GetObject, HeadObject, DownloadObject, DownloadRange; the URLs of PresignGet; on the
//	                             other bucket HeadObjectInBucket and CopyPart
//	s3:PutObject                 PutObject, ReplaceObject (with s3:GetObject), CreateUpload, UploadPart, CopyPart,
//	                             CompleteUpload; the URLs of PresignPart
//	s3:ListMultipartUploadParts  ListParts
//	s3:AbortMultipartUpload      AbortUpload
//	s3:DeleteObject              DeletePrefix
//	s3:ListBucket                DeletePrefix; without it, S3 answers 403 for a missing object, which is Internal here
//
// S3 is strongly consistent: a read returns the object that was written last. A presigned URL must not be logged,
// because anyone who has it may use it. It is valid until it expires, or until the session of the role that signed it
// ends.
//
// ETags are returned without quotes, and accepted with or without.
//
// Errors are of type errs.Error. Besides the kinds named at each method, any method may return Transient (throttled,
// timed out, broken connection, 5xx) and Internal (anything else).
package blob

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Metadata has the headers that S3 serves an object with.
type Metadata struct {
	ContentType  string
	CacheControl string
}

// Part is a part of a multipart upload. ListParts sets its Size.
type Part = video.Part

// NewClient returns a client of S3 that sends and checks only the checksums that S3 requires: a part that a browser
// puts to a presigned URL has none, and S3 rejects such parts if the upload was created with a checksum. With
// pathStyle, URLs have the bucket's name in the path instead of the host name; local clouds need that.
func NewClient(cfg aws.Config, pathStyle bool) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = pathStyle
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
}

// Bucket is an S3 bucket.
type Bucket struct {
	client *s3.Client
	signer *s3.PresignClient
	name   string
}

// NewBucket returns the bucket of a name. The client should come from NewClient.
func NewBucket(client *s3.Client, bucket string) *Bucket {
	return &Bucket{client: client, signer: s3.NewPresignClient(client), name: bucket}
}

// GetObject opens an object and returns its properties; NotFound if there is none. The caller closes the reader.
func (b *Bucket) GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error) {
	return b.openObject(ctx, "blob.GetObject", key, nil)
}

// openObject opens an object if it has an ETag; any object if etag is nil.
func (b *Bucket) openObject(
	ctx context.Context, op, key string, etag *string,
) (io.ReadCloser, video.StoredObject, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, IfMatch: etag})
	if err != nil {
		return nil, video.StoredObject{}, wrapError(op, err)
	}
	return out.Body, video.StoredObject{
		Size: aws.ToInt64(out.ContentLength), ETag: unquoteETag(out.ETag), ContentType: aws.ToString(out.ContentType),
		At: aws.ToTime(out.LastModified),
	}, nil
}

// HeadObject returns the properties of an object, or NotFound.
func (b *Bucket) HeadObject(ctx context.Context, key string) (video.StoredObject, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return video.StoredObject{}, wrapError("blob.HeadObject", err)
	}
	return video.StoredObject{
		Size: aws.ToInt64(out.ContentLength), ETag: unquoteETag(out.ETag), ContentType: aws.ToString(out.ContentType),
		At: aws.ToTime(out.LastModified),
	}, nil
}

// PutObject writes an object as a whole and replaces the one that was there. S3 checks a CRC-32 of the body.
func (b *Bucket) PutObject(ctx context.Context, key string, body io.ReadSeeker, m Metadata) error {
	_, err := b.client.PutObject(ctx, b.buildPutInput(key, body, m))
	return wrapError("blob.PutObject", err)
}

// ReplaceObject writes an object as a whole if the object of that key has an ETag, or if there is none and etag is
// "". Conflict, code object_replaced: the object has another ETag, or there is none; nothing is written. After a lost
// answer the object may have been written, and a repetition returns Conflict.
func (b *Bucket) ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, m Metadata) error {
	in := b.buildPutInput(key, body, m)
	if etag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(quoteETag(etag))
	}
	_, err := b.client.PutObject(ctx, in)
	err = wrapError("blob.ReplaceObject", err)
	if errs.KindOf(err) == errs.NotFound { // the object that was to be replaced is gone
		return objectReplaced.ToError("blob.ReplaceObject", errs.Conflict, err)
	}
	return err
}

func (b *Bucket) buildPutInput(key string, body io.ReadSeeker, m Metadata) *s3.PutObjectInput {
	return &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: body, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		ContentType: nilIfEmpty(m.ContentType), CacheControl: nilIfEmpty(m.CacheControl),
	}
}

// DownloadObject writes an object that has an ETag to w. Conflict, code object_replaced: the object has another ETag;
// nothing is written. NotFound: there is none. After a Transient error, w may have the beginning of the object.
func (b *Bucket) DownloadObject(ctx context.Context, key, etag string, w io.Writer) error {
	const op = "blob.DownloadObject"
	body, _, err := b.openObject(ctx, op, key, aws.String(quoteETag(etag)))
	if err != nil {
		return err
	}
	defer body.Close()
	return copyBody(op, w, body)
}

// DownloadRange writes length bytes of an object from position from on to w; fewer if the object ends before. If etag
// is not "", the object must have that ETag. Errors are those of DownloadObject, and Internal if from is at the end or
// beyond (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Range").
func (b *Bucket) DownloadRange(ctx context.Context, key, etag string, from, length int64, w io.Writer) error {
	const op = "blob.DownloadRange"
	in := &s3.GetObjectInput{
		Bucket: &b.name, Key: &key, Range: aws.String(fmt.Sprintf("bytes=%d-%d", from, from+length-1)),
	}
	if etag != "" {
		in.IfMatch = aws.String(quoteETag(etag))
	}
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		return wrapError(op, err)
	}
	defer out.Body.Close()
	return copyBody(op, w, out.Body)
}

// copyBody copies r to w. A failed read is Transient, because the connection broke; a failed write is Internal.
func copyBody(op string, w io.Writer, r io.Reader) error {
	from := &readErrorRecorder{Reader: r}
	_, err := io.Copy(w, from)
	switch {
	case err == nil:
		return nil
	case from.err != nil:
		return errs.E(op, errs.Transient, err)
	}
	return errs.E(op, errs.Internal, err)
}

// readErrorRecorder records the error of a reader.
type readErrorRecorder struct {
	io.Reader
	err error
}

func (r *readErrorRecorder) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// nilIfEmpty returns a pointer to s, nil for "".
func nilIfEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func quoteETag(etag string) string { return `"` + strings.Trim(etag, `"`) + `"` }

func unquoteETag(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }
