package api

import (
	"cmp"
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/oklog/ulid/v2"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

const (
	maxFileName     = 255 // characters
	maxPartURLs     = 100 // signed URLs in one answer: each can be 1.4 kB
	partURLLifetime = time.Hour
)

type createUploadRequest struct {
	Title       string            `json:"title,omitempty"`
	FileName    string            `json:"file_name"`
	Size        int64             `json:"size"` // bytes
	ContentType string            `json:"content_type,omitempty"`
	ExternalID  string            `json:"external_id,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

type partURL struct {
	Number  int               `json:"number"`
	Size    int64             `json:"size"` // bytes: the URL takes exactly as many
	URL     string            `json:"url"`
	Expires httpapi.Timestamp `json:"expires_at"`
}

// createUpload answers POST /v1/uploads: both rows, and the URLs of the first parts. Repeated by an Idempotency-Key, it
// answers with the same upload and fresh URLs, as long as it takes parts.
func (a *API) createUpload(w http.ResponseWriter, r *http.Request) error {
	if id := httpapi.PreviouslyCreatedID(r.Context()); id != "" {
		return a.replayUpload(w, r, id)
	}
	in, err := httpapi.DecodeBody[createUploadRequest](r)
	if err != nil {
		return err
	}
	if err := in.validate(); err != nil {
		return err
	}
	v, u, err := a.beginUpload(r.Context(), httpapi.CallerFromContext(r.Context()).Tenant, in)
	if err != nil {
		return err
	}
	a.annotateVideo(r.Context(), v.Tenant, v.ID)
	if err := a.createRows(r.Context(), v, u); err != nil {
		return err // what S3 has begun ends by the bucket's lifecycle rule
	}
	return a.replyWithUpload(w, r, u, min(u.PartCount(), maxPartURLs))
}

func (a *API) replayUpload(w http.ResponseWriter, r *http.Request, id string) error {
	u, v, err := a.findUpload(r.Context(), id)
	if err != nil {
		return err
	}
	switch err := a.requireOpen(r.Context(), u, v); {
	case errs.KindOf(err) == errs.Conflict:
		return a.replyWithUpload(w, r, u, 0)
	case err != nil:
		return err
	}
	return a.replyWithUpload(w, r, u, min(u.PartCount(), maxPartURLs))
}

// replyWithUpload answers with an upload and the URLs of its first n parts.
func (a *API) replyWithUpload(w http.ResponseWriter, r *http.Request, u video.Upload, n int) error {
	first := make([]int, n)
	for i := range first {
		first[i] = i + 1
	}
	urls, err := a.signPartURLs(r.Context(), u, first)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusCreated, struct {
		Upload    string    `json:"upload_id"`
		Video     string    `json:"video_id"`
		PartSize  int64     `json:"part_size"`
		PartCount int       `json:"part_count"`
		Parts     []partURL `json:"parts"`
	}{u.ID, u.Video, u.PartSize, u.PartCount(), urls})
}

// validate fills in what may be left out and refuses what can't be.
func (in *createUploadRequest) validate() error {
	in.Title = strings.TrimSpace(in.Title)
	in.ContentType = cmp.Or(in.ContentType, "application/octet-stream")
	var c httpapi.Validation
	c.Require(in.FileName != "" && video.ValidText(in.FileName, maxFileName), "/file_name", "file_name_invalid", fmt.Sprintf("A file name has 1 to %d characters and no control characters.", maxFileName))
	requireValidAbout(&c, video.Details{Title: in.Title, ExternalID: in.ExternalID, Metadata: in.Metadata})
	in.Title = cmp.Or(in.Title, in.FileName)
	c.Require(in.Size != 0, "/size", "size_out_of_range", "The file is empty; choose one that has a video in it.")
	c.Require(in.Size >= 0, "/size", "size_out_of_range", "A size is a number of bytes, from 1 on.")
	c.Require(in.Size <= video.MaxSourceBytes, "/size", "size_out_of_range", fmt.Sprintf("The file is too large: it may have %d bytes (%d GiB) at most.", int64(video.MaxSourceBytes), video.MaxSourceBytes>>30))
	c.Require(isContentType(in.ContentType), "/content_type", "content_type_invalid", "A content type looks like video/mp4.")
	return c.Err()
}

func isContentType(s string) bool {
	media, _, err := mime.ParseMediaType(s)
	return err == nil && strings.Contains(media, "/") && video.ValidText(s, maxFileName) && isASCII(s)
}

// isASCII reports whether s can be the value of a header that is signed.
func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// beginUpload makes up the rows of a new upload and begins it in S3.
func (a *API) beginUpload(ctx context.Context, tenant string, in createUploadRequest) (v video.Video, u video.Upload, err error) {
	now := a.now()
	v = video.Video{Tenant: tenant, Details: video.Details{Title: in.Title, ExternalID: in.ExternalID, Metadata: cloneMetadata(in.Metadata)}, Trace: a.traceHeader(ctx)}
	if v.ID, err = a.newID("vid_", now); err != nil {
		return v, u, err
	}
	id, err := a.newID("upl_", now)
	if err != nil {
		return v, u, err
	}
	if v.Playback, err = playback.NewID(tenant, a.Entropy); err != nil {
		return v, u, err
	}
	v.Source = video.Source{Key: services.OriginalKey(tenant, v.ID), Name: in.FileName, ContentType: in.ContentType, Size: in.Size}
	multipart, err := a.Multipart.CreateUpload(ctx, v.Source.Key, v.Source.ContentType)
	if err != nil {
		return v, u, err
	}
	v, u = video.StartUpload(v, id, multipart, now)
	return v, u, nil
}

func (a *API) traceHeader(ctx context.Context) string {
	if a.TraceHeader == nil {
		return ""
	}
	return a.TraceHeader(ctx)
}

func (a *API) newID(prefix string, now time.Time) (string, error) {
	id, err := ulid.New(ulid.Timestamp(now), a.Entropy)
	if err != nil {
		return "", errs.E("api.newID", errs.Internal, err)
	}
	return prefix + id.String(), nil
}

// signParts answers POST /v1/uploads/{id}/parts. URLs for the same part may be asked for again and again, until the
// upload is completed.
func (a *API) signParts(w http.ResponseWriter, r *http.Request) error {
	u, v, err := a.findUpload(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	in, err := httpapi.DecodeBody[struct {
		Numbers []int `json:"numbers"`
	}](r)
	if err != nil {
		return err
	}
	var c httpapi.Validation
	c.Require(len(in.Numbers) >= 1 && len(in.Numbers) <= maxPartURLs, "/numbers", "numbers_out_of_range", fmt.Sprintf("Ask for 1 to %d parts at a time.", maxPartURLs))
	for i, n := range in.Numbers {
		c.Require(n >= 1 && n <= u.PartCount(), fmt.Sprintf("/numbers/%d", i), "part_unknown", fmt.Sprintf("The parts are 1 to %d.", u.PartCount()))
	}
	if err := c.Err(); err != nil {
		return err
	}
	if err := a.requireOpen(r.Context(), u, v); err != nil {
		return err
	}
	httpapi.MarkCreated(r.Context(), u.ID) // so that a repetition gets fresh URLs
	urls, err := a.signPartURLs(r.Context(), u, in.Numbers)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string][]partURL{"parts": urls})
}

func (a *API) signPartURLs(ctx context.Context, u video.Upload, numbers []int) ([]partURL, error) {
	urls := make([]partURL, len(numbers))
	for i, n := range numbers {
		size := u.PartBytes(n)
		url, expires, err := a.Multipart.PresignPart(ctx, u.Key, u.MultipartID, n, size, partURLLifetime)
		if err != nil {
			return nil, err
		}
		urls[i] = partURL{Number: n, Size: size, URL: url, Expires: httpapi.Timestamp{Time: expires.Truncate(time.Second)}}
	}
	return urls, nil
}

// createRows adds the rows of an upload, and with them the idempotency record of the request that has made it.
func (a *API) createRows(ctx context.Context, v video.Video, u video.Upload) error {
	return httpapi.StoreCreated(ctx, u.ID, func(record *video.IdempotencyRecord) error {
		if record == nil {
			return a.Uploads.CreateVideo(ctx, v, u)
		}
		return a.Uploads.CreateVideoIdempotently(ctx, v, u, *record)
	})
}
