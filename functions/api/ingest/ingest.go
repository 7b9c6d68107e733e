// Package ingest creates videos. It is one command with one validator for two entry points: tenants send POST
// /v1/uploads or POST /v1/videos, producers send upload.requested.v1 to the queue. Both create a video's row and an
// upload's row; for a file that is not uploaded by the client, the command returns fetch.requested.
//
// Rights on AWS: rows of the producers of a sender, rows of videos, uploads and quotas, and the start of multipart
// uploads below t/ in the source bucket. It reads no file itself.
//
// It rejects videos that a limit of their tenant does not allow, senders that are not registered, objects outside their
// producers' prefixes, and Sluice's own buckets in any case.
package ingest

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"mime"
	"path"
	"strings"
	"time"
	"unicode"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/plaintext"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/metrics"
)

// VideoStore keeps videos and their uploads.
type VideoStore interface {
	CreateVideo(ctx context.Context, v video.Video, u video.Upload) error // as CreateRows
	// CheckQuota returns Exhausted if the tenant's limits don't allow a new video.
	CheckQuota(ctx context.Context, v video.Video) error
	// LoadVideo returns NotFound if the tenant has no video of that id.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
}

// CreateRows adds the rows of a video and its upload, both or none. Conflict: one of them exists. Exhausted: the
// tenant's limits don't allow it.
type CreateRows func(ctx context.Context, v video.Video, u video.Upload) error

// MultipartUploads starts multipart uploads.
type MultipartUploads interface {
	// CreateUpload returns S3's id of a new multipart upload.
	CreateUpload(ctx context.Context, key, contentType string) (string, error)
}

// Request asks for a video. The same request has the same ids.
type Request struct {
	Tenant      string
	VideoID     string
	UploadID    string
	FromClient  bool  // the client uploads the file; else fetch copies it from Spec.Origin
	Size        int64 // bytes that the client will upload
	Spec        video.UploadRequested
	Correlation string
	Trace       string
}

// Command is a valid Request. Only NewCommand makes one.
type Command struct{ request Request }

// maxFileName is the most characters of a file name and of a content type.
const maxFileName = 255

// NewCommand sets missing fields: the file name from the origin, the title from the file name, and the content type. It
// returns the errors of invalid fields, in the order of the fields.
func NewCommand(r Request) (Command, errs.FieldErrors) {
	s := &r.Spec
	s.Title = strings.TrimSpace(s.Title)
	s.ContentType = cmp.Or(s.ContentType, "application/octet-stream")
	if !r.FromClient {
		s.FileName = cmp.Or(s.FileName, deriveFileName(s.Origin))
	}
	var f errs.FieldErrors
	f.Require(s.FileName != "" && plaintext.IsValid(s.FileName, maxFileName), "/file_name", "file_name_invalid",
		fmt.Sprintf("A file name has 1 to %d characters and no control characters.", maxFileName))
	f = append(f, video.Details{Title: s.Title, ExternalID: s.ExternalID, Metadata: s.Metadata}.Validate()...)
	if r.FromClient {
		f.Require(r.Size != 0, "/size", "size_out_of_range", "The file is empty; choose one that has a video in it.")
		f.Require(r.Size >= 0, "/size", "size_out_of_range", "A size is a number of bytes, from 1 on.")
		f.Require(r.Size <= video.MaxSourceBytes, "/size", "size_out_of_range",
			fmt.Sprintf("The file is too large: it may have %d bytes (%d GiB) at most.", int64(video.MaxSourceBytes),
				video.MaxSourceBytes>>30))
	}
	f.Require(isContentType(s.ContentType), "/content_type", "content_type_invalid",
		"A content type looks like video/mp4.")
	s.Title = cmp.Or(s.Title, s.FileName)
	return Command{r}, f
}

// deriveFileName returns the name of a file from its URL or key, or "video".
func deriveFileName(o video.Origin) string {
	address, _, _ := strings.Cut(cmp.Or(o.URL, o.Key), "?")
	name := path.Base(address)
	if !plaintext.IsValid(name, maxFileName) || strings.Trim(name, "./") == "" {
		return "video"
	}
	return name
}

// isContentType reports whether s is a media type that can be the value of a signed header, which is ASCII.
func isContentType(s string) bool {
	media, _, err := mime.ParseMediaType(s)
	ascii := !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
	return err == nil && strings.Contains(media, "/") && plaintext.IsValid(s, maxFileName) && ascii
}

// VideoCreator runs commands.
type VideoCreator struct {
	Videos        VideoStore
	Multipart     MultipartUploads
	NewPlaybackID func() (string, error)
	Now           func() time.Time
}

// NewPlaybackID returns a new playback id for a video.
func NewPlaybackID() (string, error) { return playback.NewID(rand.Reader) }

// CreateVideo starts a multipart upload, adds the rows of the video and its upload with create, and returns them with
// the events that follow: fetch.requested unless the client uploads the file. If a command that fetches a file has run
// before, it creates nothing and returns the video and the same events.
func (c VideoCreator) CreateVideo(
	ctx context.Context, command Command, create CreateRows,
) (video.Video, video.Upload, []video.Event, error) {
	r := command.request
	if r.FromClient {
		v, u, err := c.createRows(ctx, r, create)
		return v, u, nil, err
	}
	var u video.Upload
	v, err := c.Videos.LoadVideo(ctx, r.Tenant, r.VideoID)
	switch errs.KindOf(err) {
	case "":
		metrics.MarkDuplicate(ctx)
	case errs.NotFound:
		v, u, err = c.createRows(ctx, r, create)
	}
	if kind := errs.KindOf(err); kind == errs.Conflict || kind == errs.Exhausted {
		// another delivery of the message may have created it meanwhile, within the tenant's limits
		if found, missing := c.Videos.LoadVideo(ctx, r.Tenant, r.VideoID); missing == nil {
			v, err = found, nil
		}
	}
	if err != nil || v.State != video.Waiting || v.Fetch == nil {
		return v, u, nil, err
	}
	return v, u, []video.Event{*v.Fetch}, nil
}

// createRows leaves a multipart upload without rows behind when it fails: the bucket's lifecycle rule aborts it. A
// tenant that has reached a limit starts none.
func (c VideoCreator) createRows(
	ctx context.Context, r Request, create CreateRows,
) (v video.Video, u video.Upload, err error) {
	v = video.Video{
		Details: video.Details{Title: r.Spec.Title, ExternalID: r.Spec.ExternalID, Metadata: r.Spec.Metadata},
		Tenant:  r.Tenant, ID: r.VideoID, Correlation: r.Correlation, Trace: r.Trace,
		Source: video.Source{
			Key: services.OriginalKey(r.Tenant, r.VideoID), Name: r.Spec.FileName, ContentType: r.Spec.ContentType,
			Size: r.Size,
		},
	}
	if v.Playback, err = c.NewPlaybackID(); err != nil {
		return v, u, err
	}
	if !r.FromClient {
		v.Fetch = &video.FetchRequested{Origin: r.Spec.Origin, Key: v.Source.Key}
	}
	v, u = video.StartUpload(v, r.UploadID, c.Now().Truncate(time.Millisecond))
	if err := c.Videos.CheckQuota(ctx, v); err != nil {
		return v, u, err
	}
	if u.MultipartID, err = c.Multipart.CreateUpload(ctx, v.Source.Key, v.Source.ContentType); err != nil {
		return v, u, err
	}
	if v.Fetch != nil {
		v.Fetch.MultipartID = u.MultipartID
	}
	return v, u, create(ctx, v, u)
}
