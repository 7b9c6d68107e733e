// Package api answers the tenants' HTTP API: uploads and videos. The service map (package services) lists its routes
// and who may call each; docs/api.md describes them.
// Tenant and scopes come from API Gateway's authorizer and from nowhere else. Rights on AWS: rows of uploads, videos,
// quotas and idempotency keys (dynamodb:GetItem, Query, PutItem, UpdateItem, and Query of the lists of videos), the
// deny list (dynamodb:GetItem), multipart uploads below t/ in the source bucket (s3:PutObject,
// ListMultipartUploadParts, AbortMultipartUpload), the size of the objects there (s3:GetObject, for HEAD), and
// sqs:SendMessage to publish and fetch.
// It rejects bodies over 1 MiB, bodies that are not JSON, unknown fields, ids of other tenants (as unknown ids),
// uploads over 8 GiB, videos that a limit of their tenant does not allow, and parts that don't add up to the size that
// was announced.
package api

import (
	"context"
	_ "embed"
	"io"
	"log/slog"
	"net/http"
	"time"

	"sluice/events"
	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// OpenAPI describes all routes of the service map in OpenAPI 3.0 (https://spec.openapis.org/oas/v3.0.3). Tests compare
// it with the map and with every request and response in them.
//
//go:embed openapi.json
var OpenAPI []byte

// UploadStore keeps uploads and the videos that they become.
type UploadStore interface {
	// CreateVideo adds both rows, or none.
	CreateVideo(ctx context.Context, v video.Video, u video.Upload) error
	// CreateVideoIdempotently adds both rows and replaces the idempotency record of c's key in one transaction.
	// Conflict: another holder has the record.
	CreateVideoIdempotently(ctx context.Context, v video.Video, u video.Upload, r idempotency.Record) error
	// LoadUpload returns NotFound if the tenant has no upload of that id.
	LoadUpload(ctx context.Context, tenant, id string) (video.Upload, error)
	// LoadVideo returns NotFound if the tenant has no video of that id.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
}

// VideoStore reads the videos of a tenant.
type VideoStore interface {
	// ListVideos returns at most limit videos that match f, newest first, after cursor, and the next cursor, "" at the
	// end. Invalid: the cursor is malformed.
	ListVideos(
		ctx context.Context, tenant string, f video.Filter, cursor string, limit int,
	) (page []video.Video, next string, err error)
	// LoadTimeline returns the timeline of a video in order, empty if there is no video.
	LoadTimeline(ctx context.Context, tenant, id string) ([]video.TimelineEntry, error)
}

// MultipartUploads lets clients send the parts of multipart uploads, and aborts uploads.
type MultipartUploads interface {
	// AbortUpload ends an upload without an object. It returns nil if the upload is gone.
	AbortUpload(ctx context.Context, key, id string) error
	// PresignPart returns a URL for a PUT of part n, of exactly size bytes, and when it expires.
	PresignPart(
		ctx context.Context, key, id string, n int, size int64, ttl time.Duration,
	) (url string, expires time.Time, err error)
}

// OriginalStore completes multipart uploads.
type OriginalStore interface {
	// ListParts returns the parts that S3 has. NotFound: the upload is completed or aborted.
	ListParts(ctx context.Context, key, id string) ([]video.Part, error)
	// CompleteUpload makes the object of the parts. NotFound as for ListParts.
	CompleteUpload(ctx context.Context, key, id string, parts []video.Part) (etag string, err error)
	// HeadObject returns an object's size and ETag. NotFound: there is no object.
	HeadObject(ctx context.Context, key string) (video.StoredObject, error)
}

// EventPublisher sends events to the inboxes of the services that consume them.
type EventPublisher interface {
	Send(ctx context.Context, es ...events.Event) error
}

// API answers the routes of the service api. All fields must be set unless their comment says otherwise.
type API struct {
	Uploads      UploadStore
	Videos       VideoStore
	Usage        UsageStore
	Multipart    MultipartUploads
	Originals    OriginalStore
	Publisher    EventPublisher
	Idempotency  httpapi.IdempotencyStore
	VideoCreator VideoCreator
	Commands     CommandRunner
	DenyList     DenyList
	CheckURL     func(address string) error // returns an error for a URL that can't be fetched, without requesting it
	PublicURL    string                     // base of the links in responses; "": derived from the request
	MediaURL     string                     // base of the links to media; "": PublicURL
	Origins      []string                   // origins whose pages may call the API; "*" is all
	Entropy      io.Reader                  // cryptographic randomness, for ids and secrets
	Now          func() time.Time
	Sleep        func(ctx context.Context, d time.Duration) // returns after d, or when ctx is done
	Log          *slog.Logger

	// TraceHeader returns the trace header to store in a new video's row.
	TraceHeader func(ctx context.Context) string
	// AnnotateVideo is called with the video that a request is about, for traces and logs.
	AnnotateVideo func(ctx context.Context, tenant, video string)
}

// Handler returns the handler of all routes, for httpapi.NewGatewayFunc. Internal: the routes are not exactly those of
// the service map.
func (a *API) Handler() (http.Handler, error) {
	s, _ := services.Lookup("api")
	idempotency := httpapi.NewIdempotencyMiddleware(a.Idempotency, a.Entropy, a.now, a.Log)
	m, err := httpapi.NewMux(s, a.Log, idempotency, httpapi.Routes{
		Handlers: map[string]httpapi.Handler{
			"GET /health":                    a.showHealth,
			"GET /docs":                      showDocs,
			"GET /v1/openapi.json":           a.showOpenAPI,
			"GET /v1/token":                  a.showToken,
			"GET /v1/usage":                  a.showUsage,
			"POST /v1/uploads/{id}/complete": a.completeUpload,
			"GET /v1/uploads/{id}":           a.showUpload,
			"DELETE /v1/uploads/{id}":        a.cancelUpload,
			"GET /v1/videos":                 a.listVideos,
			"GET /v1/videos/{id}":            a.showVideo,
			"PATCH /v1/videos/{id}":          a.editVideo,
			"DELETE /v1/videos/{id}":         a.deleteVideo,
			"GET /v1/videos/{id}/timeline":   a.showTimeline,
			"POST /v1/videos/{id}/unpublish": a.unpublishVideo,
			"POST /v1/videos/{id}/publish":   a.publishVideo,
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

// showHealth answers GET /health.
func (a *API) showHealth(w http.ResponseWriter, _ *http.Request) error {
	return httpapi.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// showOpenAPI answers GET /v1/openapi.json.
func (a *API) showOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	return httpapi.WriteRawJSON(w, http.StatusOK, OpenAPI)
}

// showToken answers GET /v1/token: the tenant and the scopes of the request's token.
func (a *API) showToken(w http.ResponseWriter, r *http.Request) error {
	c := httpapi.CallerFromContext(r.Context())
	return httpapi.WriteJSON(w, http.StatusOK, struct {
		ID     string   `json:"id"`
		Tenant string   `json:"tenant"`
		Scopes []string `json:"scopes"`
	}{c.TokenID, c.Tenant, append([]string{}, c.Scopes...)})
}
