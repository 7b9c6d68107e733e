package api_test

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
	"sluice/shared/api"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/intake"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/store"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is an API with everything that it needs, in memory, and the operators' beside it.
type world struct {
	*api.API
	ops     *api.Operators
	eye     *api.Observer
	xray    *xray
	rows    *store.Memory
	s3      *bucket
	sent    *outbox
	again   *inboxes
	logs    *bytes.Buffer
	call    api.GatewayFunc
	operate api.GatewayFunc
	observe api.GatewayFunc

	strange bool // it fails as it never does outside tests: the answers are not described
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{rows: &store.Memory{}, s3: &bucket{uploads: map[string]*upload{}, objects: map[string]int64{}}, sent: &outbox{}, again: &inboxes{}, logs: &bytes.Buffer{}}
	w.API = &api.API{
		Rows: w.rows, Videos: w.rows, Parts: w.s3, Originals: w.s3, Publisher: w.sent, Claims: w.rows, CheckURL: func(string) error { return nil },
		Entropy: &chance{from: rand.NewChaCha8([32]byte{})}, Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(w.logs, nil)),
	}
	w.Desk = intake.Desk{Rows: w.rows, Parts: w.s3, Now: w.Now, NewPlayback: func(tenant string) (string, error) { return playback.NewID(tenant, w.Entropy) }}
	w.ops = &api.Operators{
		Tenants: w.rows, Sources: w.rows, Letters: w.rows, Inboxes: w.again,
		Wait: func(_ context.Context, d time.Duration) { w.again.waited += d },
	}
	w.xray = &xray{depths: map[string][2]int{}}
	w.eye = &api.Observer{Videos: w.rows, Letters: w.rows, Traces: w.xray, Queues: w.xray, Scaling: w.rows}
	w.remake(tb)
	return w
}

// remake makes the function anew after a change of its ports.
func (w *world) remake(tb testing.TB) {
	tb.Helper()
	h, err := w.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	w.call = api.Gateway(h, w.Log)
	w.ops.Claims, w.ops.Entropy, w.ops.Origins, w.ops.Log, w.ops.Now = w.Claims, w.Entropy, w.Origins, w.Log, func() time.Time { return w.Now() }
	if h, err = w.ops.Handler(); err != nil {
		tb.Fatal(err)
	}
	w.operate = api.Gateway(h, w.Log)
	w.eye.Origins, w.eye.Log, w.eye.Now = w.Origins, w.Log, w.ops.Now
	if h, err = w.eye.Handler(); err != nil {
		tb.Fatal(err)
	}
	w.observe = api.Gateway(h, w.Log)
}

// routes are those of all functions.
func routes() (all []services.Route) {
	for _, name := range []string{"api", "operate", "observe"} {
		s, _ := services.Lookup(name)
		all = append(all, s.Routes...)
	}
	return all
}

// function returns what the gateway calls for a path.
func (w *world) function(path string) api.GatewayFunc {
	if path == "/v1/map" || strings.HasSuffix(path, "/trace") {
		return w.observe
	}
	operate, _ := services.Lookup("operate")
	for _, r := range operate.Routes {
		if whole := strings.Split(r.Path, "/"); strings.HasPrefix(path, "/v1/"+whole[2]) {
			return w.operate
		}
	}
	return w.call
}

// who says how the gateway let a request in.
type who struct{ tenant, scopes, arn string }

var (
	nobody   = who{}
	operator = who{arn: "arn:aws:iam::123456789012:user/operator"}
	acme     = who{tenant: "acme", scopes: "videos:read videos:write"}
	rival    = who{tenant: "rival", scopes: "videos:read videos:write"}
	reader   = who{tenant: "acme", scopes: "videos:read"}
	writer   = who{tenant: "acme", scopes: "videos:write"}
	warden   = who{tenant: "ops", scopes: "operator"}
)

func (c who) request(method, path, body string) lambdaevents.APIGatewayProxyRequest {
	e := lambdaevents.APIGatewayProxyRequest{HTTPMethod: method, Path: path, Body: body}
	e.RequestContext = lambdaevents.APIGatewayProxyRequestContext{
		RequestID: "req-1", Stage: "prod", DomainName: "api.example.com",
		Identity: lambdaevents.APIGatewayRequestIdentity{UserArn: c.arn},
	}
	if c.tenant != "" {
		e.RequestContext.Authorizer = map[string]any{"tenant": c.tenant, "scopes": c.scopes, "token_id": "tok"}
	}
	return e
}

// result is an answer, its JSON decoded.
type result struct {
	status int
	header map[string][]string
	text   string
	json   map[string]any
}

func (w *world) do(tb testing.TB, c who, method, path, body string) result {
	tb.Helper()
	return w.send(tb, c.request(method, path, body))
}

func (w *world) send(tb testing.TB, e lambdaevents.APIGatewayProxyRequest) result {
	tb.Helper()
	out, err := w.function(e.Path)(tb.Context(), e)
	if err != nil {
		tb.Fatalf("the function failed: %v", err)
	}
	r := result{status: out.StatusCode, header: out.MultiValueHeaders, text: out.Body}
	if err := json.Unmarshal([]byte(out.Body), &r.json); err != nil && out.StatusCode != 202 && out.StatusCode != 204 {
		tb.Fatalf("%d %q is not JSON: %v", out.StatusCode, out.Body, err)
	}
	if !w.strange {
		description(tb).check(tb, e, r)
	}
	return r
}

func (r result) str(name string) string { s, _ := r.json[name].(string); return s }

// upload begins an upload of 20 MiB, which are three parts, and returns it with its answer.
func (w *world) upload(tb testing.TB, c who) (video.Upload, result) {
	tb.Helper()
	r := w.do(tb, c, "POST", "/v1/uploads", `{"file_name": "a.mp4", "size": 20971520}`)
	if r.status != 201 {
		tb.Fatalf("upload: %d %s", r.status, r.text)
	}
	u, err := w.rows.Upload(tb.Context(), c.tenant, r.str("upload_id"))
	if err != nil {
		tb.Fatal(err)
	}
	return u, r
}

// put sends all parts to S3 and returns the body that completes the upload.
func (w *world) put(u video.Upload) string {
	var sent []string
	for n := 1; n <= u.Parts(); n++ {
		etag := fmt.Sprintf("etag%d", n)
		w.s3.uploads[u.Multipart].parts = append(w.s3.uploads[u.Multipart].parts, video.Part{Number: n, ETag: `"` + etag + `"`, Size: u.PartBytes(n)})
		sent = append(sent, fmt.Sprintf(`{"number": %d, "etag": "%s"}`, n, etag))
	}
	return `{"parts": [` + strings.Join(sent, ", ") + `]}`
}

// chance is the same in each test, and never repeats.
type chance struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (c *chance) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.from.Read(b)
}

// outbox keeps what is published.
type outbox struct {
	events []events.Event
	err    error
}

func (o *outbox) Send(_ context.Context, es ...events.Event) error {
	o.events = append(o.events, es...)
	return o.err
}

// inboxes keeps the letters that are sent again.
type inboxes struct {
	letters []video.Letter
	fail    func(video.Letter) error
	waited  time.Duration
}

func (i *inboxes) Redrive(_ context.Context, l video.Letter) error {
	if i.fail != nil {
		if err := i.fail(l); err != nil {
			return err
		}
	}
	i.letters = append(i.letters, l)
	return nil
}

// bucket is S3 as far as uploads go.
type bucket struct {
	uploads map[string]*upload
	objects map[string]int64 // sizes by key
	err     error            // what every call fails with
}

type upload struct {
	key   string
	parts []video.Part
}

var errGone = errs.E("bucket", errs.NotFound, errors.New("NoSuchUpload"))

func (b *bucket) CreateUpload(_ context.Context, key, _ string) (string, error) {
	id := fmt.Sprintf("mp%d", len(b.uploads))
	b.uploads[id] = &upload{key: key}
	return id, b.err
}

func (b *bucket) SignPart(_ context.Context, key, id string, n int, size int64, ttl time.Duration) (string, time.Time, error) {
	return fmt.Sprintf("https://s3/%s?id=%s&part=%d&bytes=%d", key, id, n, size), noon.Add(ttl), b.err
}

func (b *bucket) AbortUpload(_ context.Context, _, id string) error {
	delete(b.uploads, id)
	return b.err
}

func (b *bucket) ListParts(_ context.Context, key, id string) ([]video.Part, error) {
	u, ok := b.uploads[id]
	if !ok || u.key != key {
		return nil, errGone
	}
	return u.parts, b.err
}

func (b *bucket) CompleteUpload(_ context.Context, key, id string, parts []video.Part) (string, error) {
	if _, ok := b.uploads[id]; !ok {
		return "", errGone
	}
	delete(b.uploads, id)
	for _, p := range parts {
		b.objects[key] += p.Size
	}
	return "etag", b.err
}

func (b *bucket) Head(_ context.Context, key string) (blob.Info, error) {
	size, ok := b.objects[key]
	if !ok {
		return blob.Info{}, errGone
	}
	return blob.Info{Size: size}, b.err
}
