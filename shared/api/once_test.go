package api_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/api"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
)

// keyed sends a POST with an Idempotency-Key.
func (w *world) keyed(tb testing.TB, c who, key, path, body string) result {
	tb.Helper()
	e := c.request("POST", path, body)
	e.Headers = map[string]string{"idempotency-key": key}
	return w.send(tb, e)
}

// replayed reports whether an answer was one before.
func (r result) replayed() bool { return cmp.Equal(r.header["Idempotent-Replayed"], []string{"true"}) }

// refused fails unless the answer is a problem.
func (r result) refused(tb testing.TB, status int, code string) {
	tb.Helper()
	if r.status != status || r.str("code") != code {
		tb.Errorf("%d %s, not %d %s", r.status, r.text, status, code)
	}
}

// claims keeps all that is written about keys.
type claims struct {
	*store.Memory
	mu      sync.Mutex
	written []string
	claim   error // what each Claim fails with
	settle  error // what each Settle fails with
}

func (c *claims) note(v video.Claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written = append(c.written, fmt.Sprintf("%+v", v))
}

func (c *claims) Claim(ctx context.Context, v video.Claim, now time.Time) (video.Claim, error) {
	c.note(v)
	if c.claim != nil {
		return video.Claim{}, c.claim
	}
	return c.Memory.Claim(ctx, v, now)
}

func (c *claims) Settle(ctx context.Context, v video.Claim) error {
	c.note(v)
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.settle != nil {
		return c.settle
	}
	return c.Memory.Settle(ctx, v)
}

// newKeyedWorld is a world whose keys can be looked into, with a tenant.
func newKeyedWorld(tb testing.TB) (*world, *claims) {
	w := newWorld(tb)
	kept := &claims{Memory: w.rows}
	w.Claims = kept
	w.remake(tb)
	w.do(tb, operator, "POST", "/v1/tenants", `{"name": "acme"}`)
	return w, kept
}

// post is a request and who sends it.
type post struct {
	who        who
	path, body string
}

// posts returns a request that works for every POST route.
func (w *world) posts(tb testing.TB) map[string]post {
	u, _ := w.upload(tb, acme)
	l := w.letters(tb, 1)[0]
	return map[string]post{
		"/v1/sources":                   {operator, "/v1/sources", aSource},
		"/v1/dead-letters/redrive":      {warden, "/v1/dead-letters/redrive", `{}`},
		"/v1/dead-letters/{id}/redrive": {warden, "/v1/dead-letters/" + l.ID + "/redrive", `{}`},
		"/v1/dead-letters/{id}/discard": {warden, "/v1/dead-letters/" + l.ID + "/discard", `{"reason": "a test"}`},
		"/v1/tenants":                   {operator, "/v1/tenants", `{"name": "globex"}`},
		"/v1/tokens":                    {operator, "/v1/tokens", aToken},
		"/v1/uploads":                   {acme, "/v1/uploads", `{"file_name": "a.mp4", "size": 20971520}`},
		"/v1/uploads/{id}/parts":        {acme, "/v1/uploads/" + u.ID + "/parts", `{"numbers": [1]}`},
		"/v1/uploads/{id}/complete":     {acme, "/v1/uploads/" + u.ID + "/complete", w.put(u)},
		"/v1/videos":                    {acme, "/v1/videos", `{"url": "https://example.com/a.mp4"}`},
	}
}

// TestEveryPostIsDoneOnce: the answer to a repetition tells of what the first has made, and nothing that gives a right
// is kept for it.
func TestEveryPostIsDoneOnce(t *testing.T) {
	t.Parallel()
	for _, route := range routes() {
		if route.Method != "POST" {
			continue
		}
		t.Run(route.Path, func(t *testing.T) {
			t.Parallel()
			w, kept := newKeyedWorld(t)
			p, ok := w.posts(t)[route.Path]
			if !ok {
				t.Fatal("no request of this route")
			}
			uploads := len(w.s3.uploads)
			first := w.keyed(t, p.who, "k", p.path, p.body)
			if first.status/100 != 2 || first.replayed() {
				t.Fatalf("%d %s", first.status, first.text)
			}
			again := w.keyed(t, p.who, "k", p.path, p.body)
			if !again.replayed() {
				t.Errorf("nothing says that it was done before: %v", again.header)
			}
			if route.Path == "/v1/tokens" {
				again.refused(t, 409, "token_shown")
				if !strings.Contains(again.str("detail"), first.str("id")) {
					t.Errorf("which token? %s", again.text)
				}
			} else if d := cmp.Diff(first.text, again.text); d != "" || again.status != first.status {
				t.Errorf("%d %s", again.status, d)
			}
			if n := len(w.s3.uploads) - uploads; n > 1 || len(w.sent.events) > 1 || len(w.again.letters) > 1 {
				t.Errorf("%d uploads, told %v, sent again %v", n, w.sent.events, w.again.letters)
			}
			w.keyed(t, p.who, "k", p.path, `{"other": 1}`).refused(t, 422, "idempotency_key_reused")
			for _, c := range kept.written {
				if strings.Contains(c, "https://") || strings.Contains(c, "slc_") {
					t.Errorf("kept %s", c)
				}
			}
		})
	}
}

func TestKeysHaveASyntax(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		keys []string
		ok   bool
	}{
		{"one character", []string{"k"}, true},
		{"255", []string{strings.Repeat("k", 255)}, true},
		{"every printable one", []string{` !"#$%&'()*+,-./0:;<=>?@A[\]^_` + "`a{|}~"}, true},
		{"empty", []string{""}, false},
		{"256", []string{strings.Repeat("k", 256)}, false},
		{"control character", []string{"a\x7f"}, false},
		{"beyond ASCII", []string{"ü"}, false},
		{"two", []string{"a", "b"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := operator.request("POST", "/v1/tenants", `{"name": "acme"}`)
			e.MultiValueHeaders = map[string][]string{"Idempotency-Key": row.keys}
			switch got := w.send(t, e); {
			case !row.ok:
				got.refused(t, 400, "idempotency_key_invalid")
			case got.status != 201:
				t.Errorf("%d %s", got.status, got.text)
			}
		})
	}
}

// busy is S3 that lets something happen while it begins an upload.
type busy struct {
	*bucket
	meanwhile func()
}

func (b busy) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	b.meanwhile()
	return b.bucket.CreateUpload(ctx, key, contentType)
}

const (
	anUpload = `{"file_name": "a.mp4", "size": 1}`
	aToken   = `{"tenant": "acme", "scopes": ["videos:read"]}`
)

func TestWhileARequestIsCarriedOutItsKeyIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var second, other result
	w.Parts = busy{w.s3, func() {
		w.Parts = w.s3
		second = w.keyed(t, acme, "k", "/v1/uploads", anUpload)
		other = w.keyed(t, acme, "k", "/v1/uploads", `{"file_name": "b.mp4", "size": 1}`)
	}}
	first := w.keyed(t, acme, "k", "/v1/uploads", anUpload)
	second.refused(t, 409, "idempotency_in_progress")
	if d := cmp.Diff([]string{"1"}, second.header["Retry-After"]); d != "" {
		t.Error(d)
	}
	other.refused(t, 422, "idempotency_key_reused")
	third := w.keyed(t, acme, "k", "/v1/uploads", anUpload)
	if first.status != 201 || third.status != 201 || third.str("upload_id") != first.str("upload_id") {
		t.Errorf("%s, then %s", first.text, third.text)
	}
}

// TestManyAtOnce: one creates, the others are told to wait or what it has made, and never that it is there already.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	got := make([]result, 16)
	for i := range got {
		all.Go(func() { got[i] = w.keyed(t, operator, "k", "/v1/tenants", `{"name": "acme"}`) })
	}
	all.Wait()
	made := 0
	for _, r := range got {
		switch {
		case r.status == 201 && !r.replayed():
			made++
		case r.status != 201:
			r.refused(t, 409, "idempotency_in_progress")
		}
	}
	if made != 1 {
		t.Errorf("made %d times", made)
	}
}

func TestKeysExpire(t *testing.T) {
	t.Parallel()
	s, _ := services.Lookup("api")
	for _, row := range []struct {
		name  string
		done  bool
		after time.Duration
		taken bool
	}{
		{"of a function at work", false, s.Timeout, true},
		{"of a function that died", false, s.Timeout + 2*time.Second, false},
		{"of an answer", true, 24*time.Hour - time.Second, true},
		{"of an old answer", true, 24 * time.Hour, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if !row.done {
				w.Rows = shaky{w.rows, false}
			}
			first := w.keyed(t, acme, "k", "/v1/uploads", anUpload)
			w.Rows, w.Now = w.rows, func() time.Time { return noon.Add(row.after) }
			switch got := w.keyed(t, acme, "k", "/v1/uploads", anUpload); {
			case !row.taken && (got.status != 201 || got.str("upload_id") == first.str("upload_id")):
				t.Errorf("not carried out: %d %s", got.status, got.text)
			case row.taken && row.done && !got.replayed():
				t.Errorf("carried out again: %s", got.text)
			case row.taken && !row.done:
				got.refused(t, 409, "idempotency_in_progress")
			}
		})
	}
}

func TestKeysAreTheirOwners(t *testing.T) {
	t.Parallel()
	role := func(name string) who { return who{arn: "arn:aws:sts::123456789012:assumed-role/" + name} }
	for _, row := range []struct {
		name       string
		a, b       who
		path, body string
		one        bool
	}{
		{"two tenants", acme, rival, "/v1/uploads", anUpload, false},
		{"two tokens of a tenant", acme, writer, "/v1/uploads", anUpload, true},
		{"two operators", operator, role("admin/jo"), "/v1/tokens", aToken, false},
		{"two sessions of a role", role("admin/jo"), role("admin/al"), "/v1/tokens", aToken, true},
		{"two roles", role("admin/jo"), role("deploy/jo"), "/v1/tokens", aToken, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w, _ := newKeyedWorld(t)
			if got := w.keyed(t, row.a, "k", row.path, row.body); got.status != 201 {
				t.Fatalf("%d %s", got.status, got.text)
			}
			if got := w.keyed(t, row.b, "k", row.path, row.body); got.replayed() != row.one {
				t.Errorf("%d %s", got.status, got.text)
			}
		})
	}
}

// TestAKeyIsOfOnePath: uploads have their own.
func TestAKeyIsOfOnePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		u, _ := w.upload(t, acme)
		if got := w.keyed(t, acme, "k", "/v1/uploads/"+u.ID+"/complete", w.put(u)); got.replayed() || got.str("video_id") != u.Video {
			t.Errorf("%d %s", got.status, got.text)
		}
	}
}

// TestTheSameBodyInAnotherSpelling: a client may write its JSON anew for each try.
func TestTheSameBodyInAnotherSpelling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keyed(t, acme, "k", "/v1/uploads", anUpload)
	if got := w.keyed(t, acme, "k", "/v1/uploads", "{\"size\":1,\n\"file_name\":\"a\\u002emp4\"}"); !got.replayed() {
		t.Errorf("%d %s", got.status, got.text)
	}
	for _, body := range []string{`{"file_name": "a.mp4", "size": 1.0}`, anUpload + anUpload, anUpload + " x", `{"file_name": "a.mp4", "size": 9007199254740993}`} {
		w.keyed(t, acme, "k", "/v1/uploads", body).refused(t, 422, "idempotency_key_reused")
	}
}

func TestARepeatedUploadThatIsCompleteHasNoURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.keyed(t, acme, "k", "/v1/uploads", anUpload)
	u, err := w.rows.Upload(t.Context(), "acme", first.str("upload_id"))
	if err != nil {
		t.Fatal(err)
	}
	w.do(t, acme, "POST", "/v1/uploads/"+u.ID+"/complete", w.put(u))
	want := maps.Clone(first.json)
	want["parts"] = []any{}
	if got := w.keyed(t, acme, "k", "/v1/uploads", anUpload); got.status != 201 || cmp.Diff(want, got.json) != "" {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// TestMuxWantsPostsRemembered: a service whose routes include a POST can't leave the keys out.
func TestMuxWantsPostsRemembered(t *testing.T) {
	t.Parallel()
	s := services.Service{Name: "x", Routes: []services.Route{{Method: "POST", Path: "/a", Auth: services.Open}}}
	if _, err := api.NewMux(s, nil, nil, map[string]api.Handler{"POST /a": nil}); err == nil {
		t.Error("no error")
	}
}
