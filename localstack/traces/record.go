package traces

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
)

// recordRequests returns a handler that adds each request of a function to the file at path before next handles it, as
// sluice_executor/requestlog does for the requests that the emulator gets. It returns next if path is "".
func recordRequests(next http.Handler, path string) http.Handler {
	if path == "" {
		return next
	}
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.UserAgent(), "app/sluice-") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err == nil {
			mu.Lock()
			err = appendRequest(path, r, body)
			mu.Unlock()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func appendRequest(path string, r *http.Request, body []byte) error {
	header := map[string]string{}
	for name := range r.Header {
		if name != "X-Amz-Security-Token" {
			header[strings.ToLower(name)] = r.Header.Get(name)
		}
	}
	line, err := json.Marshal(struct {
		Method string            `json:"method"`
		URL    string            `json:"url"`
		Header map[string]string `json:"header"`
		Body   []byte            `json:"body"`
	}{r.Method, r.URL.RequestURI(), header, body})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(append(line, '\n')) // one call, so that lines of other processes don't come between
	return err
}
