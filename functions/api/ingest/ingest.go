// Package intake takes requests to make a video of a file that lies elsewhere. It is one command behind two doors: a
// tenant sends POST /v1/videos with a URL, a producer puts upload.requested.v1 on the queue. Either way there is a row,
// and the file is asked for; from there on all videos go the same way.
//
// Rights: the grants of a sender, rows of videos and uploads, and the beginning of multipart uploads below t/ in the
// source bucket. It reads no file itself.
//
// It refuses senders that nobody has registered, objects that their grants don't cover, and Sluice's own buckets,
// whatever is granted.
package ingest

import (
	"cmp"
	"context"
	"crypto/rand"
	"path"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/metrics"
)

// VideoStore keeps videos and the uploads that they come in by.
type VideoStore interface {
	CreateVideo(ctx context.Context, v video.Video, u video.Upload) error // as a Create does
	// LoadVideo returns NotFound if the tenant has none of that id.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
}

// CreateRows adds a video and its upload: both rows, or none; Conflict if one of them is there.
type CreateRows func(ctx context.Context, v video.Video, u video.Upload) error

// MultipartUploads begins multipart uploads.
type MultipartUploads interface {
	// CreateUpload returns S3's id of a new multipart upload.
	CreateUpload(ctx context.Context, key, contentType string) (string, error)
}

// Request is a wish for a video, by whichever door it came.
type Request struct {
	Tenant      string
	VideoID     string // the id that the video gets: the same for the same request
	UploadID    string // and its upload
	Spec        video.UploadRequested
	Correlation string
	Trace       string
}

// VideoCreator takes requests.
type VideoCreator struct {
	Videos        VideoStore
	Multipart     MultipartUploads
	NewPlaybackID func(tenant string) (string, error) // a new playback id
	Now           func() time.Time
}

// NewPlaybackID returns a new playback id for a video of a tenant.
func NewPlaybackID(tenant string) (string, error) { return playback.NewID(tenant, rand.Reader) }

// CreateVideo makes the rows of a request with create and returns the video and what follows: that its file is asked for.
// Taken again, it makes nothing and says the same. Invalid: the request can't be taken, with the code of its first
// flaw.
func (d VideoCreator) CreateVideo(ctx context.Context, r Request, create CreateRows) (video.Video, []video.Event, error) {
	if err := normalizeSpec("intake.Take", &r.Spec); err != nil {
		return video.Video{}, nil, err
	}
	v, err := d.Videos.LoadVideo(ctx, r.Tenant, r.VideoID)
	switch errs.KindOf(err) {
	case "":
		metrics.MarkDuplicate(ctx)
	case errs.NotFound:
		v, err = d.createRows(ctx, r, create)
	}
	if errs.KindOf(err) == errs.Conflict { // another delivery was quicker
		v, err = d.Videos.LoadVideo(ctx, r.Tenant, r.VideoID)
	}
	if err != nil {
		return video.Video{}, nil, err
	}
	if v.State != video.Waiting || v.Fetch == nil {
		return v, nil, nil
	}
	return v, []video.Event{*v.Fetch}, nil
}

func (d VideoCreator) createRows(ctx context.Context, r Request, create CreateRows) (video.Video, error) {
	v := video.Video{
		Details: video.Details{Title: r.Spec.Title, ExternalID: r.Spec.ExternalID, Metadata: r.Spec.Metadata},
		Tenant:  r.Tenant, ID: r.VideoID, Correlation: r.Correlation, Trace: r.Trace,
		Source: video.Source{Key: services.OriginalKey(r.Tenant, r.VideoID), Name: r.Spec.FileName, ContentType: r.Spec.ContentType},
	}
	var err error
	if v.Playback, err = d.NewPlaybackID(v.Tenant); err != nil {
		return v, err
	}
	multipart, err := d.Multipart.CreateUpload(ctx, v.Source.Key, v.Source.ContentType)
	if err != nil {
		return v, err
	}
	v.Fetch = &video.FetchRequested{Origin: r.Spec.Origin, Key: v.Source.Key, MultipartID: multipart}
	v, u := video.StartUpload(v, r.UploadID, multipart, d.Now())
	return v, create(ctx, v, u) // what S3 has begun in vain ends by the bucket's lifecycle rule
}

// normalizeSpec fills in what may be left out and refuses what can't be kept.
func normalizeSpec(op string, ask *video.UploadRequested) error {
	ask.FileName = cmp.Or(ask.FileName, deriveFileName(ask.Origin))
	ask.Title = cmp.Or(strings.TrimSpace(ask.Title), ask.FileName)
	ask.ContentType = cmp.Or(ask.ContentType, "application/octet-stream")
	if err := ask.Origin.Validate(); err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	about := video.Details{Title: ask.Title, ExternalID: ask.ExternalID, Metadata: ask.Metadata}
	if ask.Title == ask.FileName {
		about.Title = "" // its length is that of file names
	}
	if flaws := about.Validate(); len(flaws) > 0 {
		return flaws[0].ToError(op, errs.Invalid, nil)
	}
	return nil
}

// deriveFileName returns what a file is called where it lies.
func deriveFileName(o video.Origin) string {
	address, _, _ := strings.Cut(cmp.Or(o.URL, o.Key), "?")
	name := path.Base(address)
	if !video.ValidText(name, 255) || strings.Trim(name, "./") == "" {
		return "video"
	}
	return name
}
