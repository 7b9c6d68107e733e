// Package fake is an API of Sluice in memory, for tests of its clients. It accepts uploads as the contract says, is
// strict about requests, and replays documents of a video. It has no permissions and no limits.
package fake

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sluice/tests/client"
)

// Token is the only valid token.
const Token = "slc_1_secret"

// API is a server with one upload and one video. Its exported fields can be set before its first request.
type API struct {
	URL      string
	PartSize int64
	Videos   []client.Video // returned one after the other; the last one is repeated
	// JSON documents, returned in the same way; empty: the API answers that there is no X-Ray
	Traces []string
	Files  map[string]string // by path: the body of a GET, or "→ path" for a redirect

	// Intercept, if set, is called with each request before the API, and with the number of the attempt at this method
	// and path, from 1. It returns true if it has answered the request.
	Intercept func(w http.ResponseWriter, r *http.Request, n int) bool
	// AlterResponse, if set, can change the document of a response. path is that of the request.
	AlterResponse func(path string, document map[string]any)

	mu            sync.Mutex
	uploadSize    int64
	parts         map[int][]byte
	urlsIssued    map[int]int // number of URLs issued, by part
	requestCounts map[string]int
	videoPolls    int
	tracePolls    int
	object        []byte
}

// New starts an API that is closed at the end of the test.
func New(t testing.TB) *API {
	a := &API{PartSize: 4, parts: map[int][]byte{}, urlsIssued: map[int]int{}, requestCounts: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/uploads", a.requireToken(a.createUpload))
	mux.HandleFunc("POST /v1/uploads/upl_1/parts", a.requireToken(a.signMoreParts))
	mux.HandleFunc("POST /v1/uploads/upl_1/complete", a.requireToken(a.completeUpload))
	mux.HandleFunc("GET /v1/videos/vid_1", a.requireToken(a.getVideo))
	mux.HandleFunc("GET /v1/videos/vid_1/trace", a.requireToken(a.getTrace))
	mux.HandleFunc("DELETE /v1/videos/{id}", a.requireToken(accept(http.StatusAccepted, "")))
	mux.HandleFunc("POST /v1/dead-letters/{id}/discard", a.requireToken(accept(http.StatusOK, "{}")))
	mux.HandleFunc("PUT /part/{n}", a.putPart)
	mux.HandleFunc("GET /", a.serveFile)
	server := httptest.NewServer(a.interceptRequests(mux))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// UploadedObject returns the bytes of the completed upload, nil before completion.
func (a *API) UploadedObject() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.object
}

// CountRequests returns how many requests with this method and path arrived, such as "PUT /part/7".
func (a *API) CountRequests(request string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requestCounts[request]
}

func (a *API) interceptRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		key := r.Method + " " + r.URL.Path
		a.requestCounts[key]++
		n := a.requestCounts[key]
		a.mu.Unlock()
		if a.Intercept == nil || !a.Intercept(w, r, n) {
			next.ServeHTTP(w, r)
		}
	})
}

func (a *API) requireToken(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+Token {
			WriteProblem(w, http.StatusUnauthorized, "unauthenticated", "Send a token.")
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		next(w, r)
	}
}

// accept returns a handler that answers with a status and a body.
func accept(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func (a *API) createUpload(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Title string
		Name  string `json:"file_name"`
		Type  string `json:"content_type"`
		Size  int64
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Title == "" || in.Name == "" || in.Type == "" {
		WriteProblem(w, http.StatusBadRequest, "body_invalid", "A field is missing.")
		return
	}
	if in.Size < 1 {
		WriteProblem(w, http.StatusBadRequest, "size_invalid", "The size must be 1 byte or more.")
		return
	}
	a.uploadSize = in.Size
	a.writeResponse(w, r, http.StatusCreated, map[string]any{
		"upload_id": "upl_1", "video_id": "vid_1", "part_size": a.PartSize, "part_count": a.countParts(),
		"parts": a.signParts(1, min(a.countParts(), 100)),
	})
}

func (a *API) getTrace(w http.ResponseWriter, _ *http.Request) {
	if len(a.Traces) == 0 {
		WriteProblem(w, http.StatusNotImplemented, "no_traces", "There is no X-Ray.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, a.Traces[min(a.tracePolls, len(a.Traces)-1)])
	a.tracePolls++
}

func (a *API) countParts() int { return int((a.uploadSize + a.PartSize - 1) / a.PartSize) }

// signParts returns URLs for the parts first to last. A URL is valid until the next one for the same part is issued.
func (a *API) signParts(first, last int) []map[string]any {
	list := []map[string]any{}
	for n := first; n <= last; n++ {
		a.urlsIssued[n]++
		list = append(list, map[string]any{
			"number": n, "size": a.partLength(n), "expires_at": "2026-11-22T12:00:00Z",
			"url": fmt.Sprintf("%s/part/%d?signature=hush%d", a.URL, n, a.urlsIssued[n]),
		})
	}
	return list
}

func (a *API) partLength(n int) int64 { return min(a.PartSize, a.uploadSize-int64(n-1)*a.PartSize) }

func (a *API) signMoreParts(w http.ResponseWriter, r *http.Request) {
	var in struct{ Numbers []int }
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Numbers) < 1 || len(in.Numbers) > 100 {
		WriteProblem(w, http.StatusBadRequest, "numbers_invalid", "Ask for 1 to 100 parts.")
		return
	}
	list := []map[string]any{}
	for i := range in.Numbers { // in reverse: the contract promises no order
		n := in.Numbers[len(in.Numbers)-1-i]
		list = append(list, a.signParts(n, n)...)
	}
	a.writeResponse(w, r, http.StatusOK, map[string]any{"parts": list})
}

func (a *API) putPart(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	n, _ := strconv.Atoi(r.PathValue("n"))
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "":
		writeS3Error(w, http.StatusBadRequest, "InvalidArgument", "Only one auth mechanism allowed")
	case r.URL.Query().Get("signature") != fmt.Sprint("hush", a.urlsIssued[n]):
		writeS3Error(w, http.StatusForbidden, "AccessDenied", "Request has expired")
	case r.ContentLength != a.partLength(n) || int64(len(body)) != a.partLength(n):
		writeS3Error(w, http.StatusBadRequest, "IncompleteBody", "The length is wrong")
	default:
		a.parts[n] = body
		w.Header().Set("ETag", computeETag(body))
	}
}

func computeETag(body []byte) string {
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// writeS3Error writes an error document of S3.
func writeS3Error(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

func (a *API) completeUpload(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Parts []struct {
			Number int
			ETag   string
		}
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Parts) != a.countParts() {
		WriteProblem(w, http.StatusConflict, "parts_missing", "Send every part.")
		return
	}
	var whole []byte
	for i, p := range in.Parts {
		if p.Number != i+1 || p.ETag != computeETag(a.parts[p.Number]) {
			WriteProblem(w, http.StatusConflict, "part_wrong", "A part is not the one that was sent.")
			return
		}
		whole = append(whole, a.parts[p.Number]...)
	}
	a.object = whole
	a.writeResponse(w, r, http.StatusOK, map[string]any{"video_id": "vid_1", "state": "uploaded"})
}

func (a *API) getVideo(w http.ResponseWriter, _ *http.Request) {
	n := min(a.videoPolls, len(a.Videos)-1)
	a.videoPolls++
	if n < 0 {
		WriteProblem(w, http.StatusNotFound, "video_not_found", "There is no such video.")
		return
	}
	json.NewEncoder(w).Encode(a.Videos[n])
}

func (a *API) serveFile(w http.ResponseWriter, r *http.Request) {
	text, ok := a.Files[r.URL.Path]
	to, redirect := strings.CutPrefix(text, "→ ")
	switch {
	case !ok:
		WriteProblem(w, http.StatusNotFound, "not_found", "There is no such thing.")
	case redirect:
		http.Redirect(w, r, to, http.StatusFound)
	default:
		if t := mediaTypes[path.Ext(r.URL.Path)]; t != "" {
			w.Header().Set("Content-Type", t)
		}
		io.WriteString(w, text)
	}
}

// mediaTypes are the content types of Files by the extension of their path. Others are guessed.
var mediaTypes = map[string]string{".m3u8": "application/vnd.apple.mpegurl", ".mp4": "video/mp4", ".m4s": "video/mp4"}

func (a *API) writeResponse(w http.ResponseWriter, r *http.Request, status int, document map[string]any) {
	if a.AlterResponse != nil {
		a.AlterResponse(r.URL.Path, document)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(document)
}

// WriteProblem writes a problem document (RFC 9457).
func WriteProblem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status,
		"detail": detail, "code": code, "request_id": "req_1",
	})
}
