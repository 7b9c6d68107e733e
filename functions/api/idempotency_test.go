package api_test

import (
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
	"sluice/tests/apitest"
)

// TestEveryPostIsIdempotent checks that a repetition has the response of the first request, and that no record has a
// secret or a signed URL.
func TestEveryPostIsIdempotent(t *testing.T) {
	t.Parallel()
	for _, route := range apitest.Routes() {
		if route.Method != "POST" {
			continue
		}
		t.Run(route.Path, func(t *testing.T) {
			t.Parallel()
			fx, records := apitest.NewWithRecords(t)
			p, ok := fx.ValidPosts(t)[route.Path]
			if !ok {
				t.Fatal("no request of this route")
			}
			uploads := fx.Bucket.CountUploads()
			first := fx.PostWithKey(t, p.Caller, "k", p.Path, p.Body)
			if first.Status/100 != 2 || first.IsReplayed() {
				t.Fatalf("%d %s", first.Status, first.Text)
			}
			again := fx.PostWithKey(t, p.Caller, "k", p.Path, p.Body)
			if !again.IsReplayed() {
				t.Errorf("the repetition has no Idempotent-Replayed: %v", again.Header)
			}
			if route.Path == "/v1/tokens" {
				again.RequireProblem(t, 409, "token_shown")
				if !strings.Contains(again.Field("detail"), first.Field("id")) {
					t.Errorf("the response does not name the token: %s", again.Text)
				}
			} else if d := cmp.Diff(first.Text, again.Text); d != "" || again.Status != first.Status {
				t.Errorf("%d %s", again.Status, d)
			}
			if n := fx.Bucket.CountUploads() - uploads; n > 1 || len(fx.Outbox.Events) > 1 ||
				len(fx.Redriver.DeadLetters) > 1 {
				t.Errorf("%d uploads, events %v, redriven %v", n, fx.Outbox.Events, fx.Redriver.DeadLetters)
			}
			fx.PostWithKey(t, p.Caller, "k", p.Path, `{"other": 1}`).RequireProblem(t, 422, "idempotency_key_reused")
			for _, c := range records.Written {
				if strings.Contains(c, "memory://") || strings.Contains(c, "https://") || strings.Contains(c, "slc_") {
					t.Errorf("stored %s", c)
				}
			}
		})
	}
}

func TestIdempotencyKeySyntax(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		keys []string
		ok   bool
	}{
		{"one character", []string{"k"}, true},
		{"255", []string{strings.Repeat("k", 255)}, true},
		{"every printable character", []string{` !"#$%&'()*+,-./0:;<=>?@A[\]^_` + "`a{|}~"}, true},
		{"empty", []string{""}, false},
		{"256", []string{strings.Repeat("k", 256)}, false},
		{"control character", []string{"a\x7f"}, false},
		{"beyond ASCII", []string{"ü"}, false},
		{"two", []string{"a", "b"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			e := apitest.IAMOperator.NewEvent("POST", "/v1/tenants", `{"name": "acme"}`)
			e.MultiValueHeaders = map[string][]string{"Idempotency-Key": row.keys}
			switch got := fx.SendEvent(t, e); {
			case !row.ok:
				got.RequireProblem(t, 400, "idempotency_key_invalid")
			case got.Status != 201:
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}

func TestIdempotencyKeyInProgressIsRejected(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	var second, other apitest.Result
	fx.Bucket.OnCreate = func() {
		fx.Bucket.OnCreate = nil
		second = fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
		other = fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", `{"file_name": "b.mp4", "size": 1}`)
	}
	first := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
	second.RequireProblem(t, 409, "idempotency_in_progress")
	if d := cmp.Diff([]string{"1"}, second.Header["Retry-After"]); d != "" {
		t.Error(d)
	}
	other.RequireProblem(t, 422, "idempotency_key_reused")
	third := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
	if first.Status != 201 || third.Status != 201 || third.Field("upload_id") != first.Field("upload_id") {
		t.Errorf("%s, then %s", first.Text, third.Text)
	}
}

// TestConcurrentRequestsWithOneKeyCreateOnce checks that the others get the first response or idempotency_in_progress,
// never tenant_exists.
func TestConcurrentRequestsWithOneKeyCreateOnce(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	var all sync.WaitGroup
	got := make([]apitest.Result, 16)
	for i := range got {
		all.Go(func() { got[i] = fx.PostWithKey(t, apitest.IAMOperator, "k", "/v1/tenants", `{"name": "acme"}`) })
	}
	all.Wait()
	created := 0
	for _, r := range got {
		switch {
		case r.Status == 201 && !r.IsReplayed():
			created++
		case r.Status != 201:
			r.RequireProblem(t, 409, "idempotency_in_progress")
		}
	}
	if created != 1 {
		t.Errorf("created %d times", created)
	}
}

func TestIdempotencyKeysExpire(t *testing.T) {
	t.Parallel()
	s, _ := services.Lookup("api")
	for _, row := range []struct {
		name  string
		done  bool
		after time.Duration
		inUse bool
	}{
		{"in progress", false, s.Timeout, true},
		{"in progress, after the timeout", false, s.Timeout + 2*time.Second, false},
		{"completed", true, 24*time.Hour - time.Second, true},
		{"completed 24 hours ago", true, 24 * time.Hour, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			if !row.done {
				fx.Uploads = lossyStore{fx.Store, false}
			}
			first := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
			fx.Uploads, fx.Now = fx.Store, func() time.Time { return apitest.Noon.Add(row.after) }
			switch got := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); {
			case !row.inUse && (got.Status != 201 || got.Field("upload_id") == first.Field("upload_id")):
				t.Errorf("not run: %d %s", got.Status, got.Text)
			case row.inUse && row.done && !got.IsReplayed():
				t.Errorf("run again: %s", got.Text)
			case row.inUse && !row.done:
				got.RequireProblem(t, 409, "idempotency_in_progress")
			}
		})
	}
}

func TestIdempotencyKeysAreScopedToTheirOwner(t *testing.T) {
	t.Parallel()
	role := func(name string) apitest.Caller {
		return apitest.Caller{ARN: "arn:aws:sts::123456789012:assumed-role/" + name}
	}
	for _, row := range []struct {
		name       string
		a, b       apitest.Caller
		path, body string
		shared     bool
	}{
		{"two tenants", apitest.Acme, apitest.Rival, "/v1/uploads", apitest.UploadBody, false},
		{"two tokens of a tenant", apitest.Acme, apitest.Writer, "/v1/uploads", apitest.UploadBody, true},
		{"two operators", apitest.IAMOperator, role("admin/jo"), "/v1/tokens", apitest.TokenBody, false},
		{"two sessions of a role", role("admin/jo"), role("admin/al"), "/v1/tokens", apitest.TokenBody, true},
		{"two roles", role("admin/jo"), role("deploy/jo"), "/v1/tokens", apitest.TokenBody, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx, _ := apitest.NewWithRecords(t)
			if got := fx.PostWithKey(t, row.a, "k", row.path, row.body); got.Status != 201 {
				t.Fatalf("%d %s", got.Status, got.Text)
			}
			if got := fx.PostWithKey(t, row.b, "k", row.path, row.body); got.IsReplayed() != row.shared {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}

func TestIdempotencyKeysAreScopedToThePath(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	for range 2 {
		u, _ := fx.CreateUpload(t, apitest.Acme)
		if got := fx.PostWithKey(
			t, apitest.Acme, "k", "/v1/uploads/"+u.ID+"/complete", fx.PutAllParts(t, u),
		); got.IsReplayed() || got.Field("video_id") != u.Video {
			t.Errorf("%d %s", got.Status, got.Text)
		}
	}
}

func TestIdempotencyKeyIgnoresJSONFormatting(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
	if got := fx.PostWithKey(
		t, apitest.Acme, "k", "/v1/uploads", "{\"size\":1,\n\"file_name\":\"a\\u002emp4\"}",
	); !got.IsReplayed() {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	for _, body := range []string{
		`{"file_name": "a.mp4", "size": 1.0}`, apitest.UploadBody + apitest.UploadBody, apitest.UploadBody + " x",
		`{"file_name": "a.mp4", "size": 9007199254740993}`,
	} {
		fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", body).RequireProblem(t, 422, "idempotency_key_reused")
	}
}

func TestReplayOfCompletedUploadHasNoURLs(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	first := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody)
	u, err := fx.Store.LoadUpload(t.Context(), "acme", first.Field("upload_id"))
	if err != nil {
		t.Fatal(err)
	}
	fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/complete", fx.PutAllParts(t, u))
	want := maps.Clone(first.JSON)
	want["parts"] = []any{}
	if got := fx.PostWithKey(t, apitest.Acme, "k", "/v1/uploads", apitest.UploadBody); got.Status != 201 ||
		cmp.Diff(want, got.JSON) != "" {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

func TestNewMuxRequiresIdempotencyForPosts(t *testing.T) {
	t.Parallel()
	s := services.Service{Name: "x", Routes: []services.Route{{Method: "POST", Path: "/a", Auth: services.AuthOpen}}}
	if _, err := httpapi.NewMux(
		s, nil, nil, httpapi.Routes{Handlers: map[string]httpapi.Handler{"POST /a": nil}},
	); err == nil {
		t.Error("no error")
	}
}

func TestRepeatedCreationsOfDeletedVideosReturnNotFound(t *testing.T) {
	t.Parallel()
	for path, body := range map[string]string{
		"/v1/uploads": `{"file_name": "a.mp4", "size": 1}`,
		"/v1/videos":  `{"url": "https://example.com/a.mp4"}`,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			fx := apitest.New(t)
			first := fx.PostWithKey(t, apitest.Acme, "k", path, body)
			id := first.Field("video_id") + first.Field("id") // one of them is empty
			fx.ApplyEvents(t, "acme", id, video.DeleteRequested{At: apitest.Noon})
			fx.PostWithKey(t, apitest.Acme, "k", path, body).RequireProblem(t, 404, "upload_not_found")
		})
	}
}
