package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"path"
	"strings"

	"sluice/tests/player"
)

// contentTypes are the content types that HLS needs, by file extension (RFC 8216, section 4; RFC 8216bis for MP4).
var contentTypes = map[string]string{".m3u8": "application/vnd.apple.mpegurl", ".mp4": "video/mp4", ".m4s": "video/mp4"}

// typeChecker passes requests on and fails those whose successful response has a wrong content type.
type typeChecker struct {
	next  http.RoundTripper
	bytes int64
	cdn   bool // a response came through CloudFront
}

func (c *typeChecker) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusOK {
		return res, err
	}
	got, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if want := contentTypes[path.Ext(r.URL.Path)]; !strings.EqualFold(got, want) {
		res.Body.Close()
		return nil, fmt.Errorf("%s has the content type %q, not %q", path.Base(r.URL.Path), got, want)
	}
	c.cdn = c.cdn || strings.Contains(res.Header.Get("Via"), "CloudFront")
	res.Body = &countedBody{res.Body, &c.bytes}
	return res, nil
}

// countedBody adds the bytes that are read to a sum.
type countedBody struct {
	io.ReadCloser
	sum *int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	*b.sum += int64(n)
	return n, err
}

// playAll fetches the master playlist, every media playlist, and every segment, and checks their content types and how
// long each rendition is, in seconds.
func playAll(ctx context.Context, h *http.Client, url string, seconds float64) (string, error) {
	types := &typeChecker{next: http.DefaultTransport}
	if h.Transport != nil {
		types.next = h.Transport
	}
	h = &http.Client{Transport: types, Timeout: h.Timeout}
	master, err := player.FetchPlaylist(ctx, h, url)
	if err != nil {
		return "", fmt.Errorf("the master playlist can't be played: %w", err)
	}
	segments := 0
	for _, uri := range append(master.URIs, master.TagURIs...) {
		media, err := player.FetchPlaylist(ctx, h, uri)
		if err != nil {
			return "", fmt.Errorf("the playlist of a rendition can't be played: %w", err)
		}
		if !media.Ended || math.Abs(media.Seconds-seconds) > 0.2 {
			return "", fmt.Errorf("a rendition has %.2f s of %.2f s, ended: %t", media.Seconds, seconds, media.Ended)
		}
		for _, part := range append(media.TagURIs, media.URIs...) {
			if _, _, err := player.FetchBody(ctx, h, part); err != nil {
				return "", fmt.Errorf("a segment can't be played: %w", err)
			}
			segments++
		}
	}
	through := "the API"
	if types.cdn {
		through = "CloudFront"
	}
	return fmt.Sprintf("%d renditions and %d of sound through %s, %d segments, %s", len(master.URIs),
		len(master.TagURIs), through, segments, formatBytes(types.bytes)), nil
}
