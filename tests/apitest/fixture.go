// Package apitest drives the services api, admin and observe in tests, with everything they need in memory. It compares
// each request and response with the OpenAPI document.
package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/functions/admin"
	"sluice/functions/api"
	"sluice/functions/api/commands"
	"sluice/functions/api/ingest"
	"sluice/functions/observe"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/httpapi"
	"sluice/shared/platform/store"
	"sluice/tests/rowpolicy"
)

// Noon is the time in tests that don't set another one.
var Noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// Fixture is the services api, admin and observe over one in-memory store.
type Fixture struct {
	*api.API
	Admin       *admin.Admin
	Observer    *observe.Observer
	XRay        *FakeXRay
	Store       store.Store
	Bucket      *Bucket
	Outbox      *Outbox
	Redriver    *FakeRedriver
	Logs        *bytes.Buffer
	CallAPI     httpapi.GatewayFunc
	CallAdmin   httpapi.GatewayFunc
	CallObserve httpapi.GatewayFunc

	SkipDescription bool // don't compare requests and responses with the OpenAPI document
}

// New returns a fixture without any rows, at noon.
func New(tb testing.TB) *Fixture {
	tb.Helper()
	f := &Fixture{
		Store: store.NewMemory(), Bucket: &Bucket{}, Outbox: &Outbox{}, Redriver: &FakeRedriver{},
		Logs: &bytes.Buffer{}, XRay: &FakeXRay{Depths: map[string][2]int{}},
	}
	now := func() time.Time { return f.Now() } // tests change it
	f.Bucket.Now = now
	rows := func(service string) store.Store { return rowpolicy.LimitStore(tb, f.Store, service) }
	f.API = &api.API{
		Uploads: rows("api"), Videos: rows("api"), Usage: rows("api"), Multipart: f.Bucket, Originals: f.Bucket,
		Publisher: f.Outbox, Idempotency: rows("api"),
		CheckURL: func(string) error { return nil }, Entropy: &seededEntropy{from: rand.NewChaCha8([32]byte{})},
		TraceHeader:   func(context.Context) string { return "" },
		AnnotateVideo: func(context.Context, string, string) {},
		Now:           func() time.Time { return Noon }, Log: slog.New(slog.NewTextHandler(f.Logs, nil)),
	}
	f.VideoCreator = ingest.VideoCreator{
		Videos: rows("api"), Multipart: f.Bucket, Now: now,
		NewPlaybackID: func() (string, error) { return playback.NewID(f.Entropy) },
	}
	f.DenyList, f.Sleep = rows("api"), func(context.Context, time.Duration) {}
	f.Commands = commands.Runner{Videos: rows("api"), Multipart: f.Bucket}
	f.Admin = &admin.Admin{
		Tenants: rows("admin"), Limits: rows("admin"), Producers: rows("admin"), DeadLetters: rows("admin"),
		Redriver: f.Redriver,
		Sleep:    func(_ context.Context, d time.Duration) { f.Redriver.Waited += d }, Now: now, Entropy: f.Entropy,
		Log: f.Log,
	}
	f.Observer = &observe.Observer{Store: rows("observe"), Traces: f.XRay, Queues: f.XRay, Now: now, Log: f.Log}
	f.RebuildHandlers(tb)
	return f
}

// RebuildHandlers makes the three functions anew, after a change of the fields of API or of Origins.
func (f *Fixture) RebuildHandlers(tb testing.TB) {
	tb.Helper()
	f.Admin.Idempotency, f.Admin.Origins, f.Observer.Origins = f.Idempotency, f.Origins, f.Origins
	build := func(h http.Handler, err error) httpapi.GatewayFunc {
		if err != nil {
			tb.Fatal(err)
		}
		return httpapi.NewGatewayFunc(h, f.Log)
	}
	f.CallAPI, f.CallAdmin, f.CallObserve = build(f.Handler()), build(f.Admin.Handler()), build(f.Observer.Handler())
}

// Routes returns the routes of the three services.
func Routes() (all []services.Route) {
	for _, name := range []string{"api", "admin", "observe"} {
		s, _ := services.Lookup(name)
		all = append(all, s.Routes...)
	}
	return all
}

// functionFor returns the function that the gateway calls for a path.
func (f *Fixture) functionFor(path string) httpapi.GatewayFunc {
	if path == "/v1/map" || strings.HasSuffix(path, "/trace") {
		return f.CallObserve
	}
	s, _ := services.Lookup("admin")
	for _, r := range s.Routes {
		if collection := strings.Split(r.Path, "/")[2]; strings.HasPrefix(path, "/v1/"+collection) {
			return f.CallAdmin
		}
	}
	return f.CallAPI
}

// Caller is who sends a request, as API Gateway has identified them.
type Caller struct{ Tenant, Scopes, ARN string }

// Callers of tests.
var (
	Nobody        = Caller{}
	IAMOperator   = Caller{ARN: "arn:aws:iam::123456789012:user/operator"}
	Acme          = Caller{Tenant: "acme", Scopes: "videos:read videos:write"}
	Rival         = Caller{Tenant: "rival", Scopes: "videos:read videos:write"}
	Reader        = Caller{Tenant: "acme", Scopes: "videos:read"}
	Writer        = Caller{Tenant: "acme", Scopes: "videos:write"}
	OperatorToken = Caller{Tenant: "ops", Scopes: "operator"}
)

// NewEvent returns the event of a request of the caller.
func (c Caller) NewEvent(method, path, body string) lambdaevents.APIGatewayProxyRequest {
	e := lambdaevents.APIGatewayProxyRequest{HTTPMethod: method, Path: path, Body: body}
	e.RequestContext = lambdaevents.APIGatewayProxyRequestContext{
		RequestID: "req-1", Stage: "prod", DomainName: "api.example.com",
		Identity: lambdaevents.APIGatewayRequestIdentity{UserArn: c.ARN},
	}
	if c.Tenant != "" {
		e.RequestContext.Authorizer = map[string]any{"tenant": c.Tenant, "scopes": c.Scopes, "token_id": "tok"}
	}
	return e
}

// Result is a response. JSON is nil if the body is no JSON object.
type Result struct {
	Status int
	Header map[string][]string
	Text   string
	JSON   map[string]any
}

// DoRequest sends a request to its service.
func (f *Fixture) DoRequest(tb testing.TB, c Caller, method, path, body string) Result {
	tb.Helper()
	return f.SendEvent(tb, c.NewEvent(method, path, body))
}

// SendEvent sends an event to its service. Unless SkipDescription is set, it compares request and response with the
// OpenAPI document.
func (f *Fixture) SendEvent(tb testing.TB, e lambdaevents.APIGatewayProxyRequest) Result {
	tb.Helper()
	out, err := f.functionFor(e.Path)(tb.Context(), e)
	if err != nil {
		tb.Fatalf("the function failed: %v", err)
	}
	r := Result{Status: out.StatusCode, Header: out.MultiValueHeaders, Text: out.Body}
	page := strings.HasPrefix(strings.Join(r.Header["Content-Type"], ""), "text/html")
	if err := json.Unmarshal([]byte(out.Body), &r.JSON); err != nil && !page && out.StatusCode != 202 &&
		out.StatusCode != 204 {
		tb.Fatalf("%d %q is not JSON: %v", out.StatusCode, out.Body, err)
	}
	if !f.SkipDescription {
		LoadDescription(tb).checkExchange(tb, e, r)
	}
	return r
}

// Field returns a string member of the response, "" if it is absent.
func (r Result) Field(name string) string { s, _ := r.JSON[name].(string); return s }

// CreateUpload creates an upload of 20 MiB, which has three parts, and returns it with the response.
func (f *Fixture) CreateUpload(tb testing.TB, c Caller) (video.Upload, Result) {
	tb.Helper()
	r := f.DoRequest(tb, c, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 20971520}`)
	if r.Status != 201 {
		tb.Fatalf("upload: %d %s", r.Status, r.Text)
	}
	u, err := f.Store.LoadUpload(tb.Context(), c.Tenant, r.Field("upload_id"))
	if err != nil {
		tb.Fatal(err)
	}
	return u, r
}

// PutAllParts uploads all parts and returns the body that completes the upload.
func (f *Fixture) PutAllParts(tb testing.TB, u video.Upload) string {
	tb.Helper()
	var parts []string
	for n := 1; n <= u.PartCount(); n++ {
		parts = append(parts, fmt.Sprintf(`{"number": %d, "etag": %q}`, n, f.PutPart(tb, u, n, u.PartBytes(n))))
	}
	return `{"parts": [` + strings.Join(parts, ", ") + `]}`
}

// seededEntropy returns the same bytes in each test.
type seededEntropy struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (e *seededEntropy) Read(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.from.Read(b)
}

// Outbox is a publisher that keeps the events.
type Outbox struct {
	Events []events.Event
	Err    error
}

func (o *Outbox) Send(_ context.Context, es ...events.Event) error {
	o.Events = append(o.Events, es...)
	return o.Err
}

// FakeRedriver keeps the dead letters that are redriven.
type FakeRedriver struct {
	DeadLetters []video.DeadLetter
	Fail        func(video.DeadLetter) error // the error of a redrive; may be nil
	Waited      time.Duration                // by all calls of Sleep
}

func (r *FakeRedriver) Redrive(_ context.Context, l video.DeadLetter) error {
	if r.Fail != nil {
		if err := r.Fail(l); err != nil {
			return err
		}
	}
	r.DeadLetters = append(r.DeadLetters, l)
	return nil
}

// Bucket is the bucket of originals, in memory, with calls that can fail.
type Bucket struct {
	blob.Memory
	Err      error  // what CreateUpload and ListParts fail with
	OnCreate func() // called at the start of CreateUpload; may be nil
}

// CreateUpload calls OnCreate, and does the same as [blob.Memory.CreateUpload] unless Err is set.
func (b *Bucket) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	if b.OnCreate != nil {
		b.OnCreate()
	}
	if b.Err != nil {
		return "", b.Err
	}
	return b.Memory.CreateUpload(ctx, key, contentType)
}

// ListParts does the same as [blob.Memory.ListParts] unless Err is set.
func (b *Bucket) ListParts(ctx context.Context, key, id string) ([]video.Part, error) {
	if b.Err != nil {
		return nil, b.Err
	}
	return b.Memory.ListParts(ctx, key, id)
}

// PutPart uploads a part of size bytes to the multipart upload and returns its ETag.
func (f *Fixture) PutPart(tb testing.TB, u video.Upload, number int, size int64) string {
	tb.Helper()
	body := make([]byte, size)
	body[0] = byte(number) // each part has another ETag
	p, err := f.Bucket.UploadPart(tb.Context(), u.Key, u.MultipartID, number, body)
	if err != nil {
		tb.Fatal(err)
	}
	return p.ETag
}

// AbortUpload ends the multipart upload, as the bucket's lifecycle rule does.
func (f *Fixture) AbortUpload(tb testing.TB, u video.Upload) {
	tb.Helper()
	if err := f.Bucket.AbortUpload(tb.Context(), u.Key, u.MultipartID); err != nil {
		tb.Fatal(err)
	}
}

// GetWithQuery sends a GET request with a query such as "limit=1&state=ready".
func (f *Fixture) GetWithQuery(tb testing.TB, c Caller, path, query string) Result {
	tb.Helper()
	e := c.NewEvent("GET", path, "")
	e.MultiValueQueryStringParameters = map[string][]string{}
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			e.MultiValueQueryStringParameters[name] = append(e.MultiValueQueryStringParameters[name], value)
		}
	}
	return f.SendEvent(tb, e)
}

// VideoIDs returns the ids of the videos on a page.
func (r Result) VideoIDs() []string { return r.listMembers("videos", "id") }

// DeadLetterIDs returns the ids of the dead letters on a page.
func (r Result) DeadLetterIDs() []string { return r.listMembers("letters", "id") }

// FirstErrorPointer returns the pointer of the first field error, "" if there is none.
func FirstErrorPointer(r Result) string {
	return append(r.listMembers("errors", "pointer"), "")[0]
}

// listMembers returns a string member of each object in a list.
func (r Result) listMembers(list, member string) (all []string) {
	objects, _ := r.JSON[list].([]any)
	for _, o := range objects {
		all = append(all, o.(map[string]any)[member].(string))
	}
	return all
}

// CreateUploadAt creates an upload some minutes after noon and returns the id of its video. more are further members of
// the body.
func (f *Fixture) CreateUploadAt(tb testing.TB, c Caller, minute int, more string) string {
	tb.Helper()
	f.Now = func() time.Time { return Noon.Add(time.Duration(minute) * time.Minute) }
	got := f.DoRequest(tb, c, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 1`+more+`}`)
	if got.Status != 201 {
		tb.Fatalf("%d %s", got.Status, got.Text)
	}
	return got.Field("video_id")
}

// PutDeadLetters stores n open dead letters, the first of which was sent first.
func (f *Fixture) PutDeadLetters(tb testing.TB, n int) (all []video.DeadLetter) {
	tb.Helper()
	for i := range n {
		l := video.DeadLetter{
			Service: "encode", Group: "g", Type: "encode.requested.v1", Tenant: "acme", Video: "vid_1",
			Kind: errs.Invalid, Code: "invalid", Reason: "It is wrong.", Body: fmt.Sprintf(`{"n": %d}`, i), Attempts: 5,
			Sent: Noon.Add(time.Duration(i-90) * time.Second), Created: Noon, State: video.DeadLetterOpen,
		}
		if i%2 == 1 {
			l.Service, l.Code = "inspect", "internal"
		}
		l.ID = video.DeadLetterID(l.Service, fmt.Sprint(i), l.Sent)
		if err := f.Store.CreateDeadLetter(tb.Context(), l); err != nil {
			tb.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// ApplyEvents applies events to a video and stores it.
func (f *Fixture) ApplyEvents(tb testing.TB, tenant, id string, es ...video.Event) video.Video {
	tb.Helper()
	v, err := f.Store.LoadVideo(tb.Context(), tenant, id)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range es {
		next, _ := video.Apply(v, e)
		if next.Version == v.Version {
			continue
		}
		v = next
		if err := f.Store.SaveVideo(tb.Context(), v, v.NewTimelineEntry("test", Noon)); err != nil {
			tb.Fatal(err)
		}
	}
	return v
}

// ProducerBody is the body of a valid POST /v1/sources.
const ProducerBody = `{"sender": "AIDAIENQZJOLO23YVJ4VO", "bucket": "films", "prefix": "in/", "tenant": "acme"}`
