package blob_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/awsclient/faults"
	"sluice/shared/platform/blob"
)

// respondError returns an answer of S3 with an error.
func respondError(status int, code string) faults.Answer {
	return faults.Respond(status, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code></Error>`)
}

// TestPromise7S3FaultsEndCalls: each call ends within its function's time, as Transient if it may succeed later.
func TestPromise7S3FaultsEndCalls(t *testing.T) {
	t.Parallel()
	errorInBody := []faults.Answer{respondError(200, "InternalError")}
	faults.Suite{
		Calls:     append(objectCalls(), uploadCalls()...),
		Throttled: respondError(503, "SlowDown"),
		Failed: []faults.Answer{
			respondError(500, "InternalError"), respondError(503, "ServiceUnavailable"),
			faults.Respond(503, ""),
		},
		Denied: respondError(403, "AccessDenied"), Kind: errs.Internal,
		Others: []faults.Fault{
			{ // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
				Name: "error after the status 200", Calls: []string{"CompleteUpload", "CopyPart"}, Attempts: 2,
				Answers: errorInBody,
			},
			{ // https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
				Name: "body too slow", Calls: []string{"PutObject", "UploadPart"}, Attempts: 2,
				Answers: []faults.Answer{respondError(400, "RequestTimeout")},
			},
			{
				Name: "another write at the same time", Calls: []string{"ReplaceObject"}, Attempts: 1,
				Kind: errs.Conflict, Answers: []faults.Answer{respondError(409, "ConditionalRequestConflict")},
			},
		},
	}.Run(t)
}

// bucketCall returns a call of a bucket.
func bucketCall(name, good string, f func(context.Context, *blob.Bucket) error) faults.Call {
	return faults.Call{
		Name: name, NoBody: good == "", Good: faults.Respond(200, good, "ETag", `"e"`),
		Make: func(ctx context.Context, cfg aws.Config) error {
			return f(ctx, blob.NewBucket(blob.NewClient(cfg, true), "media"))
		},
	}
}

func objectCalls() []faults.Call {
	content := bytes.Repeat([]byte("segment "), 1<<17)
	get := bucketCall("GetObject", string(content), func(ctx context.Context, b *blob.Bucket) error {
		return b.DownloadObject(ctx, "v/1.m4s", "e", io.Discard)
	})
	get.Streams = true
	return []faults.Call{
		get,
		bucketCall("HeadObject", "", func(ctx context.Context, b *blob.Bucket) error {
			_, err := b.HeadObject(ctx, "v/1.m4s")
			return err
		}),
		bucketCall("PutObject", "", func(ctx context.Context, b *blob.Bucket) error {
			return b.PutObject(ctx, "v/1.m4s", bytes.NewReader(content), blob.Metadata{ContentType: "video/mp4"})
		}),
		bucketCall("ReplaceObject", "", func(ctx context.Context, b *blob.Bucket) error {
			return b.ReplaceObject(ctx, "v/1.m3u8", "d", bytes.NewReader(content), blob.Metadata{})
		}),
		bucketCall("DeletePrefix, nothing there", `<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>`,
			func(ctx context.Context, b *blob.Bucket) error {
				_, err := b.DeletePrefix(ctx, "v/")
				return err
			}),
	}
}

func uploadCalls() []faults.Call {
	return []faults.Call{
		bucketCall("CreateUpload", `<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>`,
			func(ctx context.Context, b *blob.Bucket) error {
				_, err := b.CreateUpload(ctx, "t/a/v/source", "video/mp4")
				return err
			}),
		bucketCall("UploadPart", "", func(ctx context.Context, b *blob.Bucket) error {
			_, err := b.UploadPart(ctx, "t/a/v/source", "u", 1, []byte("part"))
			return err
		}),
		bucketCall("CopyPart", `<CopyPartResult><ETag>"e"</ETag></CopyPartResult>`,
			func(ctx context.Context, b *blob.Bucket) error {
				from := blob.ObjectRange{Bucket: "acme", Key: "film.mp4", ETag: "d", Size: 8 << 20}
				_, err := b.CopyPart(ctx, "t/a/v/source", "u", 1, from)
				if errs.KindOf(err) == errs.Forbidden { // the error of the other bucket
					return errs.E("test", errs.Internal, err)
				}
				return err
			}),
		bucketCall("CompleteUpload", `<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>`,
			func(ctx context.Context, b *blob.Bucket) error {
				_, err := b.CompleteUpload(ctx, "t/a/v/source", "u", []blob.Part{{Number: 1, ETag: "e"}})
				return err
			}),
		bucketCall("ListParts", `<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>`,
			func(ctx context.Context, b *blob.Bucket) error {
				_, err := b.ListParts(ctx, "t/a/v/source", "u")
				return err
			}),
		bucketCall("AbortUpload", "", func(ctx context.Context, b *blob.Bucket) error {
			return b.AbortUpload(ctx, "t/a/v/source", "u")
		}),
	}
}
