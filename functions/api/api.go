// Package api is the front door: it turns HTTP requests that API Gateway passes on into calls of its ports, and what
// these return into JSON. The routes, and who may call them, are the map's (package services); the contract of each is
// in the README.
//
// Tenant, scopes and operator come from what the gateway's authorizers say about the request and from nowhere else.
// Rights on AWS, of API alone (Operators and Observer name theirs): rows of uploads, videos and idempotency keys (dynamodb:GetItem,
// PutItem; for videos Query and UpdateItem too, and Query of their lists), multipart uploads below t/ in the source
// bucket (s3:PutObject, ListMultipartUploadParts, AbortMultipartUpload) and the size of what they became (s3:GetObject,
// for HEAD), and sqs:SendMessage to publish. The package itself imports no SDK.
//
// It refuses bodies over 1 MiB, what is not JSON, fields that it doesn't know, ids of other tenants (as if they were
// unknown), uploads over 8 GiB, and parts that don't add up to what was announced.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"sluice/events"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// UploadStore keeps uploads and the videos that they become.
type UploadStore interface {
	// CreateVideo adds both rows, or none.
	CreateVideo(ctx context.Context, v video.Video, u video.Upload) error
	// CreateVideoIdempotently does so and, with them, replaces the claim of c's name and holder; Conflict if it is another holder's.
	CreateVideoIdempotently(ctx context.Context, v video.Video, u video.Upload, c video.IdempotencyRecord) error
	// LoadUpload returns NotFound if the tenant has none of that id.
	LoadUpload(ctx context.Context, tenant, id string) (video.Upload, error)
	// LoadVideo returns NotFound if the tenant has none of that id.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
}

// VideoStore is what a tenant sees of all its videos.
type VideoStore interface {
	// ListVideos returns videos that f has, newest first, after cursor: at most limit. The cursor after them is "" at the end.
	// Invalid: a cursor that is none.
	ListVideos(ctx context.Context, tenant string, f video.Filter, cursor string, limit int) (page []video.Video, next string, err error)
	// UpdateDetails replaces what a tenant says of a video; NotFound if it is being deleted.
	UpdateDetails(ctx context.Context, tenant, id string, a video.Details) error
	// LoadTimeline returns what has happened to a video, in order; nothing if there is none.
	LoadTimeline(ctx context.Context, tenant, id string) ([]video.TimelineEntry, error)
}

// MultipartUploads lets clients send the parts of multipart uploads, and aborts uploads.
type MultipartUploads interface {
	// AbortUpload ends an upload without an object; it is no error if it is gone.
	AbortUpload(ctx context.Context, key, id string) error
	// PresignPart returns a URL to which part n, of exactly size bytes, can be PUT until it expires.
	PresignPart(ctx context.Context, key, id string, n int, size int64, ttl time.Duration) (url string, expires time.Time, err error)
}

// OriginalStore ends multipart uploads.
type OriginalStore interface {
	// ListParts returns the parts that S3 has; NotFound if the upload is completed or aborted.
	ListParts(ctx context.Context, key, id string) ([]video.Part, error)
	// CompleteUpload makes the object; NotFound as for ListParts.
	CompleteUpload(ctx context.Context, key, id string, parts []video.Part) (etag string, err error)
	// HeadObject returns what is known of an object; NotFound if there is none.
	HeadObject(ctx context.Context, key string) (video.StoredObject, error)
}

// EventPublisher sends events to the services that take them.
type EventPublisher interface {
	Send(ctx context.Context, es ...events.Event) error
}

// API answers the routes of the service api. All fields without a remark must be set.
type API struct {
	Uploads      UploadStore
	Videos       VideoStore
	Multipart    MultipartUploads
	Originals    OriginalStore
	Publisher    EventPublisher
	Idempotency  httpapi.IdempotencyStore
	VideoCreator VideoCreator
	CheckURL     func(address string) error // refuses what can't be fetched, by its form
	PublicURL    string                     // base of the links we hand out; empty: derived from the request
	MediaURL     string                     // base of the links to media; empty: that of the others
	Origins      []string                   // whose pages may call it; "*" is all
	Entropy      io.Reader                  // cryptographic randomness, for ids and secrets
	Now          func() time.Time
	Log          *slog.Logger

	// TraceHeader returns the trace header to keep in a new video's row; may be nil.
	TraceHeader func(ctx context.Context) string
	// AnnotateVideo is told which video a request is about, for traces; may be nil.
	AnnotateVideo func(ctx context.Context, tenant, video string)
}

// Handler returns the handler of all routes, to be called through Gateway. It fails with Internal unless the routes
// are exactly those of the map.
func (a *API) Handler() (http.Handler, error) {
	s, _ := services.Lookup("api")
	idempotency := httpapi.NewIdempotencyMiddleware(a.Idempotency, a.Entropy, a.now, a.Log)
	m, err := httpapi.NewMux(s, a.Log, idempotency, httpapi.Routes{
		Handlers: map[string]httpapi.Handler{
			"GET /health":                    a.showHealth,
			"GET /v1/openapi.json":           a.showOpenAPI,
			"GET /v1/token":                  a.showToken,
			"POST /v1/uploads/{id}/complete": a.completeUpload,
			"GET /v1/uploads/{id}":           a.showUpload,
			"DELETE /v1/uploads/{id}":        a.cancelUpload,
			"GET /v1/videos":                 a.listVideos,
			"GET /v1/videos/{id}":            a.showVideo,
			"PATCH /v1/videos/{id}":          a.editVideo,
			"DELETE /v1/videos/{id}":         a.deleteVideo,
			"GET /v1/videos/{id}/timeline":   a.showTimeline,
		},
		Idempotent: map[string]httpapi.IdempotentHandler{
			"POST /v1/uploads":            a.createUpload,
			"POST /v1/uploads/{id}/parts": a.signParts,
			"POST /v1/videos":             a.createVideo,
		},
	})
	return httpapi.CORS{Origins: a.Origins, Next: m}, err
}

func (a *API) now() time.Time { return httpapi.TruncateToMillis(a.Now()) }

func (a *API) showHealth(w http.ResponseWriter, r *http.Request) error {
	return httpapi.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a *API) annotateVideo(ctx context.Context, tenant, id string) {
	if a.AnnotateVideo != nil {
		a.AnnotateVideo(ctx, tenant, id)
	}
}
