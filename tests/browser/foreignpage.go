package browser

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// PageRequest is a request that a page sends: the arguments of fetch.
type PageRequest struct {
	URL  string      `json:"url"`
	Init RequestInit `json:"init"`
}

// RequestInit has options of fetch (https://fetch.spec.whatwg.org/#requestinit).
type RequestInit struct {
	Method         string            `json:"method,omitempty"`
	Mode           string            `json:"mode,omitempty"`
	ReferrerPolicy string            `json:"referrerPolicy,omitempty"`
	Headers        map[string]string `json:"headers,omitempty"`
	Body           string            `json:"body,omitempty"`
}

// PageResponse is what came of a PageRequest. A status is 0 if there is none.
type PageResponse struct {
	Readable int `json:"readable"` // the status that the page can read
	Answered int `json:"answered"` // the status of the response to the request itself, not to its preflight
}

// SendFromPage opens page in Chromium and sends the requests from it. Names under rebound.test resolve to this machine.
// The repository is at root.
func SendFromPage(ctx context.Context, root, page string, requests []PageRequest) ([]PageResponse, error) {
	if err := CheckAvailable(); err != nil {
		return nil, err
	}
	program, err := findChromium()
	if err != nil {
		return nil, err
	}
	folder, err := installScripts(ctx, root)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(requests)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*setupTimeout)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "foreignpage.mjs", page)
	node.Dir, node.Env, node.Stdin = folder, append(os.Environ(), "CHROMIUM="+program), bytes.NewReader(text)
	var out, errs bytes.Buffer
	node.Stdout, node.Stderr = &out, &errs
	node.Cancel = func() error { return node.Process.Signal(syscall.SIGTERM) } // Playwright then ends Chromium
	node.WaitDelay = 10 * time.Second
	if err := node.Run(); err != nil {
		return nil, errors.New(cmp.Or(strings.TrimSpace(errs.String()), err.Error()))
	}
	var responses []PageResponse
	return responses, json.Unmarshal(out.Bytes(), &responses)
}
