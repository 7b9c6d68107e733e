// Package blob keeps objects in one S3 bucket and signs URLs for those who move bytes without us; Memory is the same
// without a bucket, and blobtest.Run holds both to the same behaviour.
//
// IAM, narrowed to the bucket and the key prefixes a service may touch:
//
//	s3:GetObject                 Get, Head, Download; what SignGet signs; on the other bucket: Look, CopyPart
//	s3:PutObject                 Put, Replace (with s3:GetObject), CreateUpload, WritePart, CopyPart, CompleteUpload;
//	                             what SignPart signs
//	s3:ListMultipartUploadParts  ListParts
//	s3:AbortMultipartUpload      AbortUpload
//	s3:DeleteObject              DeleteAll, which lists too
//	s3:ListBucket                on the bucket: without it S3 says 403 for a missing object, and that is Internal here
//
// S3 is strongly consistent: an object that was put is read, and one that was replaced is not. A signed URL is a right:
// it must not be logged, it works for anyone who has it, and it ends with its time or with the session of the role that
// signed it, whichever is first.
//
// ETags are without quotes; where one is taken, quotes are allowed.
//
// Errors are video.Errors. Beside the kinds named with each method there is Transient (throttled, timed out, a broken
// connection, a 5xx) and Internal (the rest).
package blob

import (
	"context"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Metadata is what an object is served with.
type Metadata struct {
	ContentType  string
	CacheControl string
}

// Part is one part of a multipart upload. Size is set by ListParts.
type Part = video.Part

// NewClient returns a client of S3. No checksum is asked for that S3 does not require: a part that a browser puts to a
// signed URL has none, and S3 refuses such parts in an upload begun with one. Local clouds need pathStyle: bucket names
// in the path and not in the host name.
func NewClient(cfg aws.Config, pathStyle bool) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = pathStyle
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
}

// Bucket keeps objects in an S3 bucket.
type Bucket struct {
	client *s3.Client
	signer *s3.PresignClient
	name   string
}

// NewBucket returns the bucket of that name. The client should come from Client.
func NewBucket(client *s3.Client, bucket string) *Bucket {
	return &Bucket{client: client, signer: s3.NewPresignClient(client), name: bucket}
}

// GetObject opens an object, or returns NotFound. The caller closes it.
func (b *Bucket) GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error) {
	return b.openObject(ctx, "blob.Get", key, nil)
}

// openObject opens an object if it has the ETag that is asked for, or any if that is nil.
func (b *Bucket) openObject(ctx context.Context, op, key string, etag *string) (io.ReadCloser, video.StoredObject, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, IfMatch: etag})
	if err != nil {
		return nil, video.StoredObject{}, wrapError(op, err)
	}
	return out.Body, video.StoredObject{Size: aws.ToInt64(out.ContentLength), ETag: unquoteETag(out.ETag), ContentType: aws.ToString(out.ContentType), At: aws.ToTime(out.LastModified)}, nil
}

// HeadObject returns what is known of an object, or NotFound.
func (b *Bucket) HeadObject(ctx context.Context, key string) (video.StoredObject, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return video.StoredObject{}, wrapError("blob.Head", err)
	}
	return video.StoredObject{Size: aws.ToInt64(out.ContentLength), ETag: unquoteETag(out.ETag), ContentType: aws.ToString(out.ContentType), At: aws.ToTime(out.LastModified)}, nil
}

// PutObject writes an object, whole or not at all, and replaces what was there. S3 checks it against a CRC-32.
func (b *Bucket) PutObject(ctx context.Context, key string, body io.ReadSeeker, m Metadata) error {
	_, err := b.client.PutObject(ctx, b.buildPutInput(key, body, m))
	return wrapError("blob.Put", err)
}

// ReplaceObject writes an object, whole or not at all, in the place of the one that has that ETag; "" stands for none.
// Conflict: another is there by now, or none any more, and stays. After a lost answer the object may be there, and a
// repetition says Conflict.
func (b *Bucket) ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, m Metadata) error {
	in := b.buildPutInput(key, body, m)
	if etag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(quoteETag(etag))
	}
	_, err := b.client.PutObject(ctx, in)
	return missingAsReplaced("blob.Replace", wrapError("blob.Replace", err))
}

func (b *Bucket) buildPutInput(key string, body io.ReadSeeker, m Metadata) *s3.PutObjectInput {
	return &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: body, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		ContentType: nilIfEmpty(m.ContentType), CacheControl: nilIfEmpty(m.CacheControl),
	}
}

// DownloadObject writes the object that has that ETag to w. Conflict: the object is another one by now, and nothing is
// written; NotFound: there is none. After Transient, w may hold the beginning.
func (b *Bucket) DownloadObject(ctx context.Context, key, etag string, w io.Writer) error {
	const op = "blob.Download"
	body, _, err := b.openObject(ctx, op, key, aws.String(quoteETag(etag)))
	if err != nil {
		return err
	}
	defer body.Close()
	return copyBody(op, w, body)
}

// copyBody copies r to w. Where the reading fails the connection broke; where the writing does, the disk.
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

// readErrorRecorder remembers what went wrong in reading.
type readErrorRecorder struct {
	io.Reader
	err error
}

func (s *readErrorRecorder) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// nilIfEmpty returns nil for what is not said.
func nilIfEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func quoteETag(etag string) string { return `"` + strings.Trim(etag, `"`) + `"` }

func unquoteETag(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }
