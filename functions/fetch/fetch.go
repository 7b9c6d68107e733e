// Package fetch copies originals that clients don't upload into the source bucket: objects of producers' buckets, which
// S3 copies itself, and files at https URLs, which are downloaded and uploaded part by part.
//
// Both fill the multipart upload that was created with the video. Its parts are the only record of progress: a fetch
// that does not finish in its time fails as Transient, and the next delivery of the message adds the parts that are
// missing. An extra part, which never becomes part of the object, records the version (ETag or date) of the original
// that the others are of, so that versions are not mixed. When all parts are there the upload is completed, and S3
// notifies inspect. The only event that fetch returns is FetchFailed, with a code and a sentence for whoever named the
// original.
//
// It rejects originals larger than 8 GiB, and buckets that are not among the producer buckets of the deployment;
// Sluice's own buckets can't be. Package outbound rejects URLs. The content is checked by inspect.
//
// Rights: parts of uploads below t/ in the source bucket; s3:GetObject and s3:ListBucket on the producers' buckets,
// and kms:Decrypt with the keys of the setting producer_keys.
package fetch

import (
	"context"
	"net/http"
	"slices"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// UploadParts reads and writes multipart uploads in the source bucket; see blob.Bucket.
type UploadParts interface {
	ListParts(ctx context.Context, key, id string) ([]blob.Part, error)
	UploadPart(ctx context.Context, key, id string, n int, body []byte) (blob.Part, error)
	CompleteUpload(ctx context.Context, key, id string, parts []blob.Part) (string, error)
}

// ProducerObjects reads objects in producers' buckets, and has S3 copy ranges of them to parts of an upload in the
// source bucket; see blob.Bucket.
type ProducerObjects interface {
	HeadObjectInBucket(ctx context.Context, bucket, key string) (video.StoredObject, error)
	CopyPart(ctx context.Context, key, id string, n int, from blob.ObjectRange) (blob.Part, error)
}

// Web gets files at https URLs; see outbound.Client.
type Web interface {
	Get(ctx context.Context, address string, h http.Header, most int64) (*http.Response, error)
}

// Fetcher handles FetchRequested.
type Fetcher struct {
	Uploads        UploadParts
	Objects        ProducerObjects
	Web            Web
	AllowedBuckets []string // names of the buckets that may be copied from
	Now            func() time.Time
}

// Handle fetches an original, and returns FetchFailed if the original, or whoever named it, is at fault. It does
// nothing if the upload is completed already or was aborted.
func (f Fetcher) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	d, err := events.DataAs[video.FetchRequested]("fetch.Handle", e)
	if err != nil {
		return nil, err
	}
	err = f.fetchOriginal(ctx, d)
	p, kind := errs.ProblemOf(err), errs.KindOf(err)
	switch {
	case err == nil, p.Code == "upload_gone":
		return nil, nil
	case kind == errs.Conflict:
		return f.buildFailure(e, replaced), nil
	case slices.Contains(permanentKinds, kind) && p.Code != "internal":
		return f.buildFailure(e, p), nil
	}
	return nil, err
}

// permanentKinds are the errors of which the original, or whoever named it, is the cause: another attempt would fail
// too.
var permanentKinds = []errs.Kind{errs.Invalid, errs.NotFound, errs.Forbidden, errs.TooLarge}

// OnExhausted returns the event that fails a video after the last attempt to handle e has failed with err.
func (f Fetcher) OnExhausted(e events.Event, err error) []events.Event {
	p := errs.ProblemOf(err)
	if p.Code == "internal" {
		p = fetchFailed
	}
	return f.buildFailure(e, p)
}

func (f Fetcher) buildFailure(e events.Event, p errs.Problem) []events.Event {
	return []events.Event{events.New(e.Tenant, e.Video, f.Now(), video.FetchFailed{At: f.Now(), Problem: p})}
}

func (f Fetcher) fetchOriginal(ctx context.Context, d video.FetchRequested) error {
	parts, err := f.Uploads.ListParts(ctx, d.Key, d.MultipartID) // upload_gone: it is completed or was aborted
	if err != nil {
		return err
	}
	u := &upload{UploadParts: f.Uploads, key: d.Key, id: d.MultipartID, parts: map[int]blob.Part{}}
	for _, p := range parts {
		u.addPart(p)
	}
	if d.Origin.URL != "" {
		return f.downloadURL(ctx, u, d.Origin.URL)
	}
	return f.copyObject(ctx, u, d.Origin)
}

// checkSize rejects empty originals and those larger than video.MaxSourceBytes.
func checkSize(size int64) error {
	switch {
	case size == 0:
		return emptyFile.ToError("fetch.checkSize", errs.Invalid, nil)
	case size > video.MaxSourceBytes:
		return tooLarge.ToError("fetch.checkSize", errs.TooLarge, nil)
	}
	return nil
}
