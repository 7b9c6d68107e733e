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

// Valid tokens.
const (
	readerToken   = "slc_reader_secret"
	memberToken   = "slc_member_secret"
	operatorToken = "slc_operator_secret"
)

// fakeServer is a made-up Sluice below /prod: the studio itself, and an API with videos that become ready within
// seconds, a service map and dead letters.
type fakeServer struct {
	URL    string // of the stage, without a trailing slash
	Origin string

	mu               sync.Mutex
	videos           []*fakeVideo // oldest first
	deadLetters      []map[string]any
	parts            map[string]int // number of PUTs by path
	failingParts     map[string]int // by path: number of PUTs that will still fail
	revoked          bool
	throttledAnswers int     // number of requests that will still be answered with 429
	slowdown         float64 // factor for all durations
}

// fakeVideo is a video. uploadedAt is zero before its file was uploaded.
type fakeVideo struct {
	id, title, name, state string
	size                   int64
	createdAt, uploadedAt  time.Time
	problem                map[string]any
	metadata               map[string]string
}

func newFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	f := &fakeServer{parts: map[string]int{}, failingParts: map[string]int{}, slowdown: 1}
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
	mux.HandleFunc("GET /p/public/{id}/list.m3u8", f.servePlaylist)
	mux.HandleFunc("PUT /s3/{upload}/{n}", f.putPart)
	mux.HandleFunc("POST /{whim}", f.changeBehavior)
	for route, h := range map[string]func(*http.Request) (int, any){
		"GET /v1/token": f.getToken, "GET /v1/videos": f.listVideos, "POST /v1/videos": f.createVideoFromURL,
		"POST /v1/uploads":               f.createUpload,
		"POST /v1/uploads/{id}/complete": f.completeUpload, "DELETE /v1/uploads/{id}": f.cancelUpload,
		"GET /v1/videos/{id}":   f.getVideo,
		"PATCH /v1/videos/{id}": f.renameVideo, "DELETE /v1/videos/{id}": f.deleteVideo,
		"GET /v1/videos/{id}/timeline": f.getTimeline,
		"GET /v1/videos/{id}/trace":    f.getTrace, "GET /v1/map": f.getServiceMap,
		"GET /v1/dead-letters":      f.listDeadLetters,
		"GET /v1/dead-letters/{id}": f.getDeadLetter, "POST /v1/dead-letters/redrive": f.redriveDeadLetters,
		"POST /v1/dead-letters/{id}/redrive": f.redriveDeadLetter,
		"POST /v1/dead-letters/{id}/discard": f.discardDeadLetter,
	} {
		mux.HandleFunc(route, f.requireToken(route, h))
	}
	server := httptest.NewServer(http.StripPrefix("/prod", mux))
	t.Cleanup(server.Close)
	f.Origin, f.URL = server.URL, server.URL+"/prod"
	return f
}

func (f *fakeServer) requireToken(route string, h func(*http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		operates := strings.Contains(route, "dead-letters") || strings.HasSuffix(route, "/map")
		status, body := 0, any(nil)
		switch {
		case f.revoked || !slices.Contains([]string{readerToken, memberToken, operatorToken}, token):
			status, body = newProblem(401, "token_invalid", "Send a token: Authorization: Bearer slc_….")
		case operates && token != operatorToken:
			status, body = newProblem(403, "scope_missing", "The token needs the scope operator.")
		case f.throttledAnswers > 0:
			f.throttledAnswers--
			w.Header().Set("Retry-After", "1")
			status, body = newProblem(429, "throttled", "There are too many requests.")
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

// changeBehavior lets a scene change the server: heal, revoke or busy.
func (f *fakeServer) changeBehavior(_ http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.PathValue("whim") {
	case "heal":
		clear(f.failingParts)
	case "revoke":
		f.revoked = true
	case "busy":
		f.throttledAnswers = 6
	}
}

func newProblem(status int, code, detail string) (int, any) {
	return status, map[string]any{
		"type": "urn:sluice:problem:" + code, "title": code, "status": status, "detail": detail, "code": code,
		"request_id": "r1",
	}
}

func (f *fakeServer) getToken(r *http.Request) (int, any) {
	scopes := map[string][]string{
		readerToken: {"videos:read"}, memberToken: {"videos:read", "videos:write"},
		operatorToken: {"videos:read", "videos:write", "operator"},
	}
	return 200, map[string]any{
		"id": "abc", "tenant": "acme", "scopes": scopes[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")],
	}
}

// addVideoInState adds a video of the given age in a state.
func (f *fakeServer) addVideoInState(title, state string, age time.Duration) *fakeVideo {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.addVideo(title, title+".mp4", 73_400_320)
	v.state, v.createdAt = state, v.createdAt.Add(-age)
	if state != "waiting" {
		v.uploadedAt = v.createdAt
	}
	if state == "failed" {
		v.problem = map[string]any{
			"code": "truncated", "message": "The end of the file is missing; upload it again, whole.",
		}
	}
	slices.SortFunc(f.videos, func(a, b *fakeVideo) int { return a.createdAt.Compare(b.createdAt) })
	return v
}

func (f *fakeServer) addVideo(title, name string, size int64) *fakeVideo {
	v := &fakeVideo{
		id: fmt.Sprintf("vid_01KAP5T6G0JQ7M5R1S8V3W%04d", len(f.videos)), title: title, name: name, size: size,
		createdAt: time.Now(),
	}
	f.videos = append(f.videos, v)
	return v
}

func decodeBody[T any](r *http.Request) (in T) {
	_ = json.NewDecoder(r.Body).Decode(&in)
	return in
}

const partSize = 1 << 20

func (f *fakeServer) createUpload(r *http.Request) (int, any) {
	in := decodeBody[struct {
		Title, Name string
		FileName    string `json:"file_name"`
		Size        int64
	}](r)
	v := f.addVideo(in.Title, in.FileName, in.Size)
	n := int((in.Size + partSize - 1) / partSize)
	parts := []any{}
	for i := range n {
		parts = append(
			parts,
			map[string]any{
				"number": i + 1, "size": partSize, "url": fmt.Sprintf("%s/s3/%s/%d?signature=hush", f.URL, v.id, i+1),
				"expires_at": formatTime(time.Now()),
			},
		)
	}
	return 201, map[string]any{
		"upload_id": "upl_" + v.id, "video_id": v.id, "part_size": partSize, "part_count": n, "parts": parts,
	}
}

func (f *fakeServer) putPart(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.parts[r.PathValue("n")]++
	if f.failingParts[r.PathValue("n")] > 0 {
		f.failingParts[r.PathValue("n")]--
		w.WriteHeader(503)
		return
	}
	w.Header().Set("ETag", `"e"`)
}

func (f *fakeServer) findVideo(r *http.Request) *fakeVideo {
	id := strings.TrimPrefix(r.PathValue("id"), "upl_")
	for _, v := range f.videos {
		if v.id == id {
			return v
		}
	}
	return nil
}

func (f *fakeServer) completeUpload(r *http.Request) (int, any) {
	v := f.findVideo(r)
	v.uploadedAt = time.Now()
	return 200, map[string]any{"video_id": v.id, "state": "uploaded"}
}

func (f *fakeServer) cancelUpload(r *http.Request) (int, any) {
	f.findVideo(r).state = "cancelled"
	return 204, nil
}

func (f *fakeServer) createVideoFromURL(r *http.Request) (int, any) {
	in := decodeBody[struct{ URL string }](r)
	if !strings.HasPrefix(in.URL, "https://") {
		return newProblem(422, "url_invalid", "Give an address that begins with https://.")
	}
	v := f.addVideo("Fetched", "fetched.mp4", 0)
	v.uploadedAt = time.Now()
	return 201, f.videoDocument(v)
}

func (f *fakeServer) listVideos(r *http.Request) (int, any) {
	page := []any{}
	state := r.URL.Query().Get("state")
	for _, v := range slices.Backward(f.videos) {
		if doc := f.videoDocument(v); state == "" || doc["state"] == state {
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

func (f *fakeServer) getVideo(r *http.Request) (int, any) {
	if v := f.findVideo(r); v != nil {
		return 200, f.videoDocument(v)
	}
	return newProblem(404, "video_not_found", "There is no such video; check its id.")
}

func (f *fakeServer) renameVideo(r *http.Request) (int, any) {
	v := f.findVideo(r)
	v.title = decodeBody[struct{ Title string }](r).Title
	return 200, f.videoDocument(v)
}

func (f *fakeServer) deleteVideo(r *http.Request) (int, any) {
	v := f.findVideo(r)
	f.videos = slices.DeleteFunc(f.videos, func(o *fakeVideo) bool { return o == v })
	return 202, nil
}

func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
