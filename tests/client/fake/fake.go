// Package fake is an API of Sluice in memory, for tests of its clients: it takes uploads as the contract says, is
// strict about what it is sent, and plays back documents of a video. It has no rights and no limits.
package fake

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sluice/tests/client"
)

// Token is the one that the API accepts.
const Token = "slc_1_secret"

// API is a server with one upload and one video. Its fields may be set before its first request.
type API struct {
	URL      string
	PartSize int64
	Videos   []client.Video    // answered one after the other, the last one again and again
	Traces   []string          // documents, likewise; none: there is no X-Ray
	Files    map[string]string // by path: the text of GET, or "→ path" for a redirect

	// Break may answer in place of the API to try n, counted from 1, of a request like "PUT /part/7": it returns
	// whether it did.
	Break func(w http.ResponseWriter, r *http.Request, n int) bool
	// Lie may change a document before it is answered, by path.
	Lie func(path string, document map[string]any)

	mu    sync.Mutex
	size  int64
	parts map[int][]byte
	asked map[int]int // URLs given, by part
	tries map[string]int
	polls int
	looks int
	whole []byte
}

// New starts an API that ends with the test.
func New(t testing.TB) *API {
	a := &API{PartSize: 4, parts: map[int][]byte{}, asked: map[int]int{}, tries: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/uploads", a.token(a.create))
	mux.HandleFunc("POST /v1/uploads/upl_1/parts", a.token(a.more))
	mux.HandleFunc("POST /v1/uploads/upl_1/complete", a.token(a.complete))
	mux.HandleFunc("GET /v1/videos/vid_1", a.token(a.video))
	mux.HandleFunc("GET /v1/videos/vid_1/trace", a.token(a.trace))
	mux.HandleFunc("PUT /part/{n}", a.put)
	mux.HandleFunc("GET /", a.file)
	server := httptest.NewServer(a.breaking(mux))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// Object returns the bytes of the completed upload, nil before.
func (a *API) Object() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.whole
}

// Tries returns how often a request like "PUT /part/7" came.
func (a *API) Tries(request string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tries[request]
}

func (a *API) breaking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		key := r.Method + " " + r.URL.Path
		a.tries[key]++
		n := a.tries[key]
		a.mu.Unlock()
		if a.Break == nil || !a.Break(w, r, n) {
			next.ServeHTTP(w, r)
		}
	})
}

func (a *API) token(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			Problem(w, http.StatusUnauthorized, "unauthenticated", "Send a token.")
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		next(w, r)
	}
}

func (a *API) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Title string
		Name  string `json:"file_name"`
		Type  string `json:"content_type"`
		Size  int64
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Title == "" || in.Name == "" || in.Type == "" {
		Problem(w, http.StatusBadRequest, "body_invalid", "A field is missing.")
		return
	}
	if in.Size < 1 {
		Problem(w, http.StatusBadRequest, "size_invalid", "The size must be 1 byte or more.")
		return
	}
	a.size = in.Size
	a.answer(w, r, http.StatusCreated, map[string]any{
		"upload_id": "upl_1", "video_id": "vid_1", "part_size": a.PartSize, "part_count": a.count(),
		"parts": a.urls(1, min(a.count(), 100)),
	})
}

func (a *API) trace(w http.ResponseWriter, _ *http.Request) {
	if len(a.Traces) == 0 {
		Problem(w, http.StatusNotImplemented, "no_traces", "There is no X-Ray.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, a.Traces[min(a.looks, len(a.Traces)-1)])
	a.looks++
}

func (a *API) count() int { return int((a.size + a.PartSize - 1) / a.PartSize) }

// urls gives URLs that work until the next one for the same part is given.
func (a *API) urls(first, last int) []map[string]any {
	list := []map[string]any{}
	for n := first; n <= last; n++ {
		a.asked[n]++
		list = append(list, map[string]any{
			"number": n, "size": a.length(n), "expires_at": "2026-11-22T12:00:00Z",
			"url": fmt.Sprintf("%s/part/%d?signature=hush%d", a.URL, n, a.asked[n]),
		})
	}
	return list
}

func (a *API) length(n int) int64 { return min(a.PartSize, a.size-int64(n-1)*a.PartSize) }

func (a *API) more(w http.ResponseWriter, r *http.Request) {
	var in struct{ Numbers []int }
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Numbers) < 1 || len(in.Numbers) > 100 {
		Problem(w, http.StatusBadRequest, "numbers_invalid", "Ask for 1 to 100 parts.")
		return
	}
	list := []map[string]any{}
	for i := range in.Numbers { // last one first: no order is promised
		n := in.Numbers[len(in.Numbers)-1-i]
		list = append(list, a.urls(n, n)...)
	}
	a.answer(w, r, http.StatusOK, map[string]any{"parts": list})
}

func (a *API) put(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	n, _ := strconv.Atoi(r.PathValue("n"))
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "":
		refuse(w, http.StatusBadRequest, "InvalidArgument", "Only one auth mechanism allowed")
	case r.URL.Query().Get("signature") != fmt.Sprint("hush", a.asked[n]):
		refuse(w, http.StatusForbidden, "AccessDenied", "Request has expired")
	case r.ContentLength != a.length(n) || int64(len(body)) != a.length(n):
		refuse(w, http.StatusBadRequest, "IncompleteBody", "The length is wrong")
	default:
		a.parts[n] = body
		w.Header().Set("ETag", etag(body))
	}
}

func etag(body []byte) string {
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

func (a *API) complete(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Parts []struct {
			Number int
			ETag   string
		}
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Parts) != a.count() {
		Problem(w, http.StatusConflict, "parts_missing", "Send every part.")
		return
	}
	var whole []byte
	for i, p := range in.Parts {
		if p.Number != i+1 || p.ETag != etag(a.parts[p.Number]) {
			Problem(w, http.StatusConflict, "part_wrong", "A part is not the one that was sent.")
			return
		}
		whole = append(whole, a.parts[p.Number]...)
	}
	a.whole = whole
	a.answer(w, r, http.StatusOK, map[string]any{"video_id": "vid_1", "state": "uploaded"})
}

func (a *API) video(w http.ResponseWriter, _ *http.Request) {
	n := min(a.polls, len(a.Videos)-1)
	a.polls++
	if n < 0 {
		Problem(w, http.StatusNotFound, "video_not_found", "There is no such video.")
		return
	}
	json.NewEncoder(w).Encode(a.Videos[n])
}

func (a *API) file(w http.ResponseWriter, r *http.Request) {
	text, ok := a.Files[r.URL.Path]
	to, redirect := strings.CutPrefix(text, "→ ")
	switch {
	case !ok:
		Problem(w, http.StatusNotFound, "not_found", "There is no such thing.")
	case redirect:
		http.Redirect(w, r, to, http.StatusFound)
	default:
		io.WriteString(w, text)
	}
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, document map[string]any) {
	if a.Lie != nil {
		a.Lie(r.URL.Path, document)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(document)
}

// Problem answers with a problem document.
func Problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status,
		"detail": detail, "code": code, "request_id": "req_1",
	})
}
