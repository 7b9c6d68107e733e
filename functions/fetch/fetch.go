// Package fetch brings originals into the source bucket that clients don't send themselves: objects in producers'
// buckets, which S3 copies, and what https URLs lead to, which passes through here part by part.
//
// Either fills a multipart upload that was begun with the video, so that its parts are what is remembered of a fetch:
// one that does not come to its end in its time fails as Transient, and the next delivery copies only what is missing.
// A part of its own, which never becomes part of the object, notes of which version of the original they are, so that
// no two versions are mixed. When all is there the upload is completed, and S3 tells inspect; fetch itself says nothing
// but that it failed, with a code and a sentence for whoever named the original.
//
// It refuses what is larger than 8 GiB, and buckets that were not named when Sluice was deployed, Sluice's own among
// them. Which URLs are refused is package outbound's. What the bytes are is for inspect to see.
//
// Rights: parts of uploads below t/ in the source bucket; s3:GetObject and s3:ListBucket on the producers' buckets.
package fetch

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// UploadParts are those of multipart uploads in the source bucket.
type UploadParts interface {
	ListParts(ctx context.Context, key, id string) ([]blob.Part, error)
	UploadPart(ctx context.Context, key, id string, n int, body []byte) (blob.Part, error)
	CompleteUpload(ctx context.Context, key, id string, parts []blob.Part) (string, error)
}

// ProducerObjects are those in producers' buckets; S3 copies them to parts of an upload in the source bucket.
type ProducerObjects interface {
	HeadObjectInBucket(ctx context.Context, bucket, key string) (blob.Info, error)
	CopyPart(ctx context.Context, key, id string, n int, from blob.ObjectRange) (blob.Part, error)
}

// Web is what https URLs lead to. Package outbound says which errors there are.
type Web interface {
	Get(ctx context.Context, address string, h http.Header, most int64) (*http.Response, error)
}

// Fetcher fetches originals.
type Fetcher struct {
	Uploads        UploadParts
	Objects        ProducerObjects
	Web            Web
	AllowedBuckets []string // names of the buckets that may be copied from
	Now            func() time.Time
}

// Handle fetches an original, or says why it can't be had. Of an upload that is completed already, or was given up, it
// says nothing.
func (f Fetcher) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	d, ok := e.Data.(video.FetchRequested)
	if !ok {
		return nil, errs.E("fetch.Handle", errs.Invalid, fmt.Errorf("%s carries %T", e.Type, e.Data))
	}
	err := f.fetchOriginal(ctx, d)
	p := errs.ProblemOf(err)
	switch {
	case err == nil, p.Code == "upload_gone":
		return nil, nil
	case errs.KindOf(err) == errs.Conflict:
		return f.buildFailure(e, replaced), nil
	case isPermanent(err):
		return f.buildFailure(e, p), nil
	}
	return nil, err
}

// isPermanent reports whether err is the fault of the original, or of whoever named it: then it is not ours to retry.
func isPermanent(err error) bool {
	switch errs.KindOf(err) {
	case errs.Invalid, errs.NotFound, errs.Forbidden, errs.TooLarge:
		return errs.ProblemOf(err).Code != "internal"
	default:
		return false
	}
}

// OnExhausted fails a video whose original could not be fetched however often it was tried.
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
	u, err := resumeUpload(ctx, f.Uploads, d.Key, d.MultipartID)
	if err != nil {
		return err
	}
	if d.Origin.URL != "" {
		return f.downloadURL(ctx, u, d.Origin.URL)
	}
	return f.copyObject(ctx, u, d.Origin)
}

// checkBucket refuses a bucket that may not be copied from, whoever asks.
func (f Fetcher) checkBucket(bucket string) error {
	if !services.ValidProducerBucket(bucket) || !slices.Contains(f.AllowedBuckets, bucket) {
		return bucketNotRegistered.ToError("fetch.admit", errs.Forbidden, nil)
	}
	return nil
}

// checkSize refuses an original of a size that no video may have.
func checkSize(size int64) error {
	switch {
	case size == 0:
		return emptyFile.ToError("fetch.fits", errs.Invalid, nil)
	case size > video.MaxSourceBytes:
		return tooLarge.ToError("fetch.fits", errs.TooLarge, nil)
	}
	return nil
}
