// Package client is a small HTTP client of Sluice's API. It uploads a video in parts and waits until the video is ready
// or has failed. The demo, the end-to-end tests and the load test use it. It shares no types with the server, so that
// the tests compare the server with its contract and not with itself.
//
// It needs a token with the scopes videos:write and videos:read. It rejects responses that contradict the contract. It
// sends the token to the API only, never to the URLs of parts, and it keeps these signed URLs out of errors.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client calls the API as one tenant. Its exported fields can be changed before its first use.
type Client struct {
	HTTP  *http.Client
	Sleep func(context.Context, time.Duration) error // between attempts and polls; returns an error as soon as ctx ends

	baseURL string
	token   string
}

// New returns a client for the API at base, a URL without /v1. It authenticates with token.
func New(base, token string) *Client {
	return &Client{
		HTTP:    &http.Client{Timeout: 2 * time.Minute}, // enough for a part of 8 MiB, the usual size, at 70 kB/s
		Sleep:   sleepWithContext,
		baseURL: strings.TrimRight(base, "/"),
		token:   token,
	}
}

func sleepWithContext(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// maxResponseBytes bounds a response of the API. The largest one, 100 signed URLs, has about 100 kB.
const maxResponseBytes = 4 << 20

// callAPI sends one request to the API, retries it after transient errors, and decodes the response into out. The body
// is the JSON of in, or empty if in is nil. The body of the response is ignored if out is nil.
func (c *Client) callAPI(ctx context.Context, method, path string, in, out any) error {
	body, err := encodeBody(in)
	if err != nil {
		return err
	}
	return c.retryRequest(ctx, func() error {
		req, err := http.NewRequestWithContext(ctx, method, c.baseURL+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set("Accept", "application/json")
		if in != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		res, err := c.HTTP.Do(req)
		if err != nil {
			return newNetworkError(err)
		}
		defer res.Body.Close()
		return decodeResponse(res, out)
	})
}

func encodeBody(in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	return json.Marshal(in)
}

func decodeResponse(res *http.Response, out any) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, maxResponseBytes))
	if err != nil {
		return newNetworkError(err)
	}
	if res.StatusCode/100 != 2 {
		return parseProblem(res, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("the API answered %s with what is not the JSON of the contract: %w", res.Request.URL.Path,
			err)
	}
	return nil
}

// networkError is a failure of the network. It can be retried.
type networkError struct{ err error }

func (e *networkError) Error() string { return e.err.Error() }
func (e *networkError) Unwrap() error { return e.err }

// newNetworkError wraps an error of net/http without its URL, because the URL of a part is secret.
func newNetworkError(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	return &networkError{err}
}
