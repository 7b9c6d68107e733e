package studio_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/functions/studio"
)

// Tokens that the fake takes.
const (
	reader   = "slc_reader_secret"
	member   = "slc_member_secret"
	operator = "slc_operator_secret"
)

// fake is a Sluice below /prod, with the studio itself and an API of tenants' videos that are made within seconds, a map
// and dead letters.
type fake struct {
	URL    string // of the stage, no slash at its end
	Origin string

	mu      sync.Mutex
	videos  []*film // the oldest first
	letters []map[string]any
	parts   map[string]int // PUTs by path
	broken  map[string]int // by path: how often a PUT of it still fails
	revoked bool
	busy    int     // answers of 429 still to give
	slow    float64 // times that everything takes longer
}

// film is a video: made is when its file was there, zero before.
type film struct {
	id, title, name, state string
	size                   int64
	created, made          time.Time
	problem                map[string]any
	metadata               map[string]string
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{parts: map[string]int{}, broken: map[string]int{}, slow: 1}
	page, err := studio.Page{Log: slog.New(slog.DiscardHandler)}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.HandleFunc("GET /watch/assets/{file}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "../../../functions/play/web/"+r.PathValue("file"))
	})
	mux.HandleFunc("GET /p/public/{id}/growing.mp4", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "testdata/growing.mp4")
	})
	mux.HandleFunc("GET /p/public/{id}/list.m3u8", f.playlist)
	mux.HandleFunc("PUT /s3/{upload}/{n}", f.put)
	mux.HandleFunc("POST /{whim}", f.change)
	for route, h := range map[string]func(*http.Request) (int, any){
		"GET /v1/token": f.token, "GET /v1/videos": f.list, "POST /v1/videos": f.fetch, "POST /v1/uploads": f.begin,
		"POST /v1/uploads/{id}/complete": f.complete, "DELETE /v1/uploads/{id}": f.cancel, "GET /v1/videos/{id}": f.show,
		"PATCH /v1/videos/{id}": f.rename, "DELETE /v1/videos/{id}": f.remove, "GET /v1/videos/{id}/timeline": f.timeline,
		"GET /v1/videos/{id}/trace": f.trace, "GET /v1/map": f.services, "GET /v1/dead-letters": f.listLetters,
		"GET /v1/dead-letters/{id}": f.letter, "POST /v1/dead-letters/redrive": f.redriveAll,
		"POST /v1/dead-letters/{id}/redrive": f.redrive, "POST /v1/dead-letters/{id}/discard": f.discard,
	} {
		mux.HandleFunc(route, f.guard(route, h))
	}
	server := httptest.NewServer(http.StripPrefix("/prod", mux))
	t.Cleanup(server.Close)
	f.Origin, f.URL = server.URL, server.URL+"/prod"
	return f
}

func (f *fake) guard(route string, h func(*http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		operates := strings.Contains(route, "dead-letters") || strings.HasSuffix(route, "/map")
		status, body := 0, any(nil)
		switch {
		case f.revoked || !slices.Contains([]string{reader, member, operator}, token):
			status, body = refuse(401, "token_invalid", "Send a token: Authorization: Bearer slc_….")
		case operates && token != operator:
			status, body = refuse(403, "scope_missing", "The token needs the scope operator.")
		case f.busy > 0:
			f.busy--
			w.Header().Set("Retry-After", "1")
			status, body = refuse(429, "throttled", "There are too many requests.")
		default:
			status, body = h(r)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if body != nil {
			_ = json.NewEncoder(w).Encode(body)
		}
	}
}

// change is what a scene asks of the fake itself.
func (f *fake) change(_ http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.PathValue("whim") {
	case "heal":
		clear(f.broken)
	case "revoke":
		f.revoked = true
	case "busy":
		f.busy = 6
	}
}

func refuse(status int, code, detail string) (int, any) {
	return status, map[string]any{"type": "urn:sluice:problem:" + code, "title": code, "status": status, "detail": detail, "code": code, "request_id": "r1"}
}

func (f *fake) token(r *http.Request) (int, any) {
	scopes := map[string][]string{reader: {"videos:read"}, member: {"videos:read", "videos:write"}, operator: {"videos:read", "videos:write", "operator"}}
	return 200, map[string]any{"id": "abc", "tenant": "acme", "scopes": scopes[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]}
}

// stock adds a video that is in a state.
func (f *fake) stock(title, state string, age time.Duration) *film {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.add(title, title+".mp4", 73_400_320)
	v.state, v.created = state, v.created.Add(-age)
	if state != "waiting" {
		v.made = v.created
	}
	if state == "failed" {
		v.problem = map[string]any{"code": "truncated", "message": "The end of the file is missing; upload it again, whole."}
	}
	slices.SortFunc(f.videos, func(a, b *film) int { return a.created.Compare(b.created) })
	return v
}

func (f *fake) add(title, name string, size int64) *film {
	v := &film{id: fmt.Sprintf("vid_01KAP5T6G0JQ7M5R1S8V3W%04d", len(f.videos)), title: title, name: name, size: size, created: time.Now()}
	f.videos = append(f.videos, v)
	return v
}

func read[T any](r *http.Request) (in T) {
	_ = json.NewDecoder(r.Body).Decode(&in)
	return in
}

const partSize = 1 << 20

func (f *fake) begin(r *http.Request) (int, any) {
	in := read[struct {
		Title, Name string
		FileName    string `json:"file_name"`
		Size        int64
	}](r)
	v := f.add(in.Title, in.FileName, in.Size)
	n := int((in.Size + partSize - 1) / partSize)
	parts := []any{}
	for i := range n {
		parts = append(parts, map[string]any{"number": i + 1, "size": partSize, "url": fmt.Sprintf("%s/s3/%s/%d?signature=hush", f.URL, v.id, i+1), "expires_at": at(time.Now())})
	}
	return 201, map[string]any{"upload_id": "upl_" + v.id, "video_id": v.id, "part_size": partSize, "part_count": n, "parts": parts}
}

func (f *fake) put(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.parts[r.PathValue("n")]++
	if f.broken[r.PathValue("n")] > 0 {
		f.broken[r.PathValue("n")]--
		w.WriteHeader(503)
		return
	}
	w.Header().Set("ETag", `"e"`)
}

func (f *fake) find(r *http.Request) *film {
	id := strings.TrimPrefix(r.PathValue("id"), "upl_")
	for _, v := range f.videos {
		if v.id == id {
			return v
		}
	}
	return nil
}

func (f *fake) complete(r *http.Request) (int, any) {
	v := f.find(r)
	v.made = time.Now()
	return 200, map[string]any{"video_id": v.id, "state": "uploaded"}
}

func (f *fake) cancel(r *http.Request) (int, any) {
	f.find(r).state = "cancelled"
	return 204, nil
}

func (f *fake) fetch(r *http.Request) (int, any) {
	in := read[struct{ URL string }](r)
	if !strings.HasPrefix(in.URL, "https://") {
		return refuse(422, "url_invalid", "Give an address that begins with https://.")
	}
	v := f.add("Fetched", "fetched.mp4", 0)
	v.made = time.Now()
	return 201, f.view(v)
}

func (f *fake) list(r *http.Request) (int, any) {
	page := []any{}
	state := r.URL.Query().Get("state")
	for _, v := range slices.Backward(f.videos) {
		if doc := f.view(v); state == "" || doc["state"] == state {
			page = append(page, doc)
		}
	}
	if from := r.URL.Query().Get("cursor"); from != "" {
		page = page[20:]
	} else if len(page) > 20 {
		return 200, map[string]any{"videos": page[:20], "next_cursor": "20"}
	}
	return 200, map[string]any{"videos": page}
}

func (f *fake) show(r *http.Request) (int, any) {
	if v := f.find(r); v != nil {
		return 200, f.view(v)
	}
	return refuse(404, "video_not_found", "There is no such video; check its id.")
}

func (f *fake) rename(r *http.Request) (int, any) {
	v := f.find(r)
	v.title = read[struct{ Title string }](r).Title
	return 200, f.view(v)
}

func (f *fake) remove(r *http.Request) (int, any) {
	v := f.find(r)
	f.videos = slices.DeleteFunc(f.videos, func(o *film) bool { return o == v })
	return 202, nil
}

func at(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
