package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/functions/admin"
	"sluice/functions/api"
	"sluice/functions/api/ingest"
	"sluice/functions/observe"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
	"sluice/shared/platform/store"
)

var Noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// Fixture is an API with everything that it needs, in memory, and the operators' beside it.
type Fixture struct {
	*api.API
	Admin       *admin.Admin
	Observer    *observe.Observer
	XRay        *FakeXRay
	Store       store.Store
	Bucket      *FakeBucket
	Outbox      *Outbox
	Redriver    *FakeRedriver
	Logs        *bytes.Buffer
	CallAPI     httpapi.GatewayFunc
	CallAdmin   httpapi.GatewayFunc
	CallObserve httpapi.GatewayFunc

	Undescribed bool // it fails as it never does outside tests: the answers are not described
}

func New(tb testing.TB) *Fixture {
	tb.Helper()
	w := &Fixture{Store: store.NewMemory(), Bucket: &FakeBucket{Uploads: map[string]*FakeUpload{}, Objects: map[string]int64{}}, Outbox: &Outbox{}, Redriver: &FakeRedriver{}, Logs: &bytes.Buffer{}}
	w.API = &api.API{
		Uploads: w.Store, Videos: w.Store, Multipart: w.Bucket, Originals: w.Bucket, Publisher: w.Outbox, Idempotency: w.Store, CheckURL: func(string) error { return nil },
		Entropy: &seededEntropy{from: rand.NewChaCha8([32]byte{})}, Now: func() time.Time { return Noon }, Log: slog.New(slog.NewTextHandler(w.Logs, nil)),
	}
	w.VideoCreator = ingest.VideoCreator{Videos: w.Store, Multipart: w.Bucket, Now: func() time.Time { return w.Now() }, NewPlaybackID: func(tenant string) (string, error) { return playback.NewID(tenant, w.Entropy) }}
	w.Admin = &admin.Admin{
		Tenants: w.Store, Producers: w.Store, DeadLetters: w.Store, Redriver: w.Redriver,
		Sleep: func(_ context.Context, d time.Duration) { w.Redriver.Waited += d },
	}
	w.XRay = &FakeXRay{Depths: map[string][2]int{}}
	w.Observer = &observe.Observer{Videos: w.Store, DeadLetters: w.Store, Traces: w.XRay, Queues: w.XRay, Scaling: w.Store}
	w.RebuildHandlers(tb)
	return w
}

// RebuildHandlers makes the function anew after a change of its ports.
func (w *Fixture) RebuildHandlers(tb testing.TB) {
	tb.Helper()
	h, err := w.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	w.CallAPI = httpapi.NewGatewayFunc(h, w.Log)
	w.Admin.Idempotency, w.Admin.Entropy, w.Admin.Origins, w.Admin.Log, w.Admin.Now = w.Idempotency, w.Entropy, w.Origins, w.Log, func() time.Time { return w.Now() }
	if h, err = w.Admin.Handler(); err != nil {
		tb.Fatal(err)
	}
	w.CallAdmin = httpapi.NewGatewayFunc(h, w.Log)
	w.Observer.Origins, w.Observer.Log, w.Observer.Now = w.Origins, w.Log, w.Admin.Now
	if h, err = w.Observer.Handler(); err != nil {
		tb.Fatal(err)
	}
	w.CallObserve = httpapi.NewGatewayFunc(h, w.Log)
}

// Routes are those of all functions.
func Routes() (all []services.Route) {
	for _, name := range []string{"api", "admin", "observe"} {
		s, _ := services.Lookup(name)
		all = append(all, s.Routes...)
	}
	return all
}

// functionFor returns what the gateway calls for a path.
func (w *Fixture) functionFor(path string) httpapi.GatewayFunc {
	if path == "/v1/map" || strings.HasSuffix(path, "/trace") {
		return w.CallObserve
	}
	operate, _ := services.Lookup("admin")
	for _, r := range operate.Routes {
		if whole := strings.Split(r.Path, "/"); strings.HasPrefix(path, "/v1/"+whole[2]) {
			return w.CallAdmin
		}
	}
	return w.CallAPI
}

// Caller says how the gateway let a request in.
type Caller struct{ Tenant, Scopes, ARN string }

var (
	Nobody        = Caller{}
	IAMOperator   = Caller{ARN: "arn:aws:iam::123456789012:user/operator"}
	Acme          = Caller{Tenant: "acme", Scopes: "videos:read videos:write"}
	Rival         = Caller{Tenant: "rival", Scopes: "videos:read videos:write"}
	Reader        = Caller{Tenant: "acme", Scopes: "videos:read"}
	Writer        = Caller{Tenant: "acme", Scopes: "videos:write"}
	OperatorToken = Caller{Tenant: "ops", Scopes: "operator"}
)

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

// Result is an answer, its JSON decoded.
type Result struct {
	Status int
	Header map[string][]string
	Text   string
	JSON   map[string]any
}

func (w *Fixture) DoRequest(tb testing.TB, c Caller, method, path, body string) Result {
	tb.Helper()
	return w.SendEvent(tb, c.NewEvent(method, path, body))
}

func (w *Fixture) SendEvent(tb testing.TB, e lambdaevents.APIGatewayProxyRequest) Result {
	tb.Helper()
	out, err := w.functionFor(e.Path)(tb.Context(), e)
	if err != nil {
		tb.Fatalf("the function failed: %v", err)
	}
	r := Result{Status: out.StatusCode, Header: out.MultiValueHeaders, Text: out.Body}
	if err := json.Unmarshal([]byte(out.Body), &r.JSON); err != nil && out.StatusCode != 202 && out.StatusCode != 204 {
		tb.Fatalf("%d %q is not JSON: %v", out.StatusCode, out.Body, err)
	}
	if !w.Undescribed {
		LoadDescription(tb).checkExchange(tb, e, r)
	}
	return r
}

func (r Result) Field(name string) string { s, _ := r.JSON[name].(string); return s }

// CreateUpload begins an upload of 20 MiB, which are three parts, and returns it with its answer.
func (w *Fixture) CreateUpload(tb testing.TB, c Caller) (video.Upload, Result) {
	tb.Helper()
	r := w.DoRequest(tb, c, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 20971520}`)
	if r.Status != 201 {
		tb.Fatalf("upload: %d %s", r.Status, r.Text)
	}
	u, err := w.Store.LoadUpload(tb.Context(), c.Tenant, r.Field("upload_id"))
	if err != nil {
		tb.Fatal(err)
	}
	return u, r
}

// PutAllParts sends all parts to S3 and returns the body that completes the upload.
func (w *Fixture) PutAllParts(u video.Upload) string {
	var sent []string
	for n := 1; n <= u.PartCount(); n++ {
		etag := fmt.Sprintf("etag%d", n)
		w.Bucket.Uploads[u.MultipartID].Parts = append(w.Bucket.Uploads[u.MultipartID].Parts, video.Part{Number: n, ETag: `"` + etag + `"`, Size: u.PartBytes(n)})
		sent = append(sent, fmt.Sprintf(`{"number": %d, "etag": "%s"}`, n, etag))
	}
	return `{"parts": [` + strings.Join(sent, ", ") + `]}`
}

// seededEntropy is the same in each test, and never repeats.
type seededEntropy struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (c *seededEntropy) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.from.Read(b)
}

// Outbox keeps what is published.
type Outbox struct {
	Events []events.Event
	Err    error
}

func (o *Outbox) Send(_ context.Context, es ...events.Event) error {
	o.Events = append(o.Events, es...)
	return o.Err
}

// FakeRedriver keeps the letters that are sent again.
type FakeRedriver struct {
	DeadLetters []video.DeadLetter
	Fail        func(video.DeadLetter) error
	Waited      time.Duration
}

func (i *FakeRedriver) Redrive(_ context.Context, l video.DeadLetter) error {
	if i.Fail != nil {
		if err := i.Fail(l); err != nil {
			return err
		}
	}
	i.DeadLetters = append(i.DeadLetters, l)
	return nil
}

// FakeBucket is S3 as far as uploads go.
type FakeBucket struct {
	OnCreate func() // runs while CreateUpload does; may be nil
	Uploads  map[string]*FakeUpload
	Objects  map[string]int64 // sizes by key
	Err      error            // what every call fails with
}

type FakeUpload struct {
	Key   string
	Parts []video.Part
}

var errGone = errs.E("bucket", errs.NotFound, errors.New("NoSuchUpload"))

func (b *FakeBucket) CreateUpload(_ context.Context, key, _ string) (string, error) {
	if b.OnCreate != nil {
		b.OnCreate()
	}
	id := fmt.Sprintf("mp%d", len(b.Uploads))
	b.Uploads[id] = &FakeUpload{Key: key}
	return id, b.Err
}

func (b *FakeBucket) PresignPart(_ context.Context, key, id string, n int, size int64, ttl time.Duration) (string, time.Time, error) {
	return fmt.Sprintf("https://s3/%s?id=%s&part=%d&bytes=%d", key, id, n, size), Noon.Add(ttl), b.Err
}

func (b *FakeBucket) AbortUpload(_ context.Context, _, id string) error {
	delete(b.Uploads, id)
	return b.Err
}

func (b *FakeBucket) ListParts(_ context.Context, key, id string) ([]video.Part, error) {
	u, ok := b.Uploads[id]
	if !ok || u.Key != key {
		return nil, errGone
	}
	return u.Parts, b.Err
}

func (b *FakeBucket) CompleteUpload(_ context.Context, key, id string, parts []video.Part) (string, error) {
	if _, ok := b.Uploads[id]; !ok {
		return "", errGone
	}
	delete(b.Uploads, id)
	for _, p := range parts {
		b.Objects[key] += p.Size
	}
	return "etag", b.Err
}

func (b *FakeBucket) HeadObject(_ context.Context, key string) (video.StoredObject, error) {
	size, ok := b.Objects[key]
	if !ok {
		return video.StoredObject{}, errGone
	}
	return video.StoredObject{Size: size}, b.Err
}

// GetWithQuery asks with a query: "limit=1&state=ready".
func (w *Fixture) GetWithQuery(tb testing.TB, c Caller, path, query string) Result {
	tb.Helper()
	e := c.NewEvent("GET", path, "")
	e.MultiValueQueryStringParameters = map[string][]string{}
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			e.MultiValueQueryStringParameters[name] = append(e.MultiValueQueryStringParameters[name], value)
		}
	}
	return w.SendEvent(tb, e)
}

// VideoIDs returns those of the videos on a page.
func (r Result) VideoIDs() (ids []string) {
	list, _ := r.JSON["videos"].([]any)
	for _, v := range list {
		ids = append(ids, v.(map[string]any)["id"].(string))
	}
	return ids
}

// CreateUploadAt begins an upload at a minute after noon and returns the id of its video.
func (w *Fixture) CreateUploadAt(tb testing.TB, c Caller, minute int, more string) string {
	tb.Helper()
	w.Now = func() time.Time { return Noon.Add(time.Duration(minute) * time.Minute) }
	got := w.DoRequest(tb, c, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 1`+more+`}`)
	if got.Status != 201 {
		tb.Fatalf("%d %s", got.Status, got.Text)
	}
	return got.Field("video_id")
}

// PutDeadLetters files n open letters, the first of which was sent first.
func (w *Fixture) PutDeadLetters(tb testing.TB, n int) (all []video.DeadLetter) {
	tb.Helper()
	for i := range n {
		l := video.DeadLetter{
			Service: "encode", Group: "g", Type: "encode.requested.v1", Tenant: "acme", Video: "vid_1", Kind: errs.Invalid, Code: "invalid",
			Reason: "It is wrong.", Body: fmt.Sprintf(`{"n": %d}`, i), Attempts: 5, Sent: Noon.Add(time.Duration(i-90) * time.Second), Created: Noon, State: video.DeadLetterOpen,
		}
		if i%2 == 1 {
			l.Service, l.Code = "inspect", "internal"
		}
		l.ID = video.DeadLetterID(l.Service, fmt.Sprint(i), l.Sent)
		if err := w.Store.CreateDeadLetter(tb.Context(), l); err != nil {
			tb.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// DeadLetterIDs returns the ids of the letters on a page.
func (r Result) DeadLetterIDs() (ids []string) {
	all, _ := r.JSON["letters"].([]any)
	for _, l := range all {
		l, _ := l.(map[string]any)
		id, _ := l["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

// ApplyEvents moves a video on through events.
func (w *Fixture) ApplyEvents(tb testing.TB, tenant, id string, es ...video.Event) video.Video {
	tb.Helper()
	v, err := w.Store.LoadVideo(tb.Context(), tenant, id)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range es {
		next, _ := video.Apply(v, e)
		if next.Version == v.Version {
			continue
		}
		v = next
		if err := w.Store.SaveVideo(tb.Context(), v, v.NewTimelineEntry("test", Noon)); err != nil {
			tb.Fatal(err)
		}
	}
	return v
}

// FirstErrorPointer is the place of the first flaw.
func FirstErrorPointer(r Result) string {
	list, _ := r.JSON["errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	first, _ := list[0].(map[string]any)
	s, _ := first["pointer"].(string)
	return s
}

const ProducerBody = `{"sender": "AIDAIENQZJOLO23YVJ4VO", "bucket": "films", "prefix": "in/", "tenant": "acme"}`
