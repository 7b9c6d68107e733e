// Package player fetches HLS playlists and their segments over HTTP as a player does. It follows redirects and resolves
// URIs against the final URL. It rejects empty bodies and invalid playlists. It keeps the signed URLs to which it is
// redirected out of its errors.
package player

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const maxSegmentBytes = 64 << 20 // limit of one body; far above the largest segment

// Playlist is the part of an HLS playlist that is needed to fetch its content (RFC 8216).
type Playlist struct {
	// the lines that are URIs, resolved: segments, or media playlists in a master playlist; at least one
	URIs    []string
	TagURIs []string // the URI attributes of tags, resolved: init segments, or renditions in a master playlist
	Seconds float64  // total duration of the segments
	Ended   bool     // has EXT-X-ENDLIST: no segment will be added
}

// FetchPlaylist fetches and parses the playlist at a URL.
func FetchPlaylist(ctx context.Context, h *http.Client, at string) (Playlist, error) {
	text, base, err := FetchBody(ctx, h, at)
	if err != nil {
		return Playlist{}, err
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if lines[0] != "#EXTM3U" {
		return Playlist{}, fmt.Errorf("%s is no HLS playlist", at)
	}
	var p Playlist
	for _, line := range lines[1:] {
		if err := p.parseLine(line, base); err != nil {
			return Playlist{}, fmt.Errorf("%s names %w", at, err)
		}
	}
	if len(p.URIs) == 0 {
		return Playlist{}, fmt.Errorf("%s names nothing to play", at)
	}
	return p, nil
}

// parseLine adds one line to the playlist.
func (p *Playlist) parseLine(line string, base *url.URL) error {
	_, attribute, has := strings.Cut(line, `URI="`)
	length, timed := strings.CutPrefix(line, "#EXTINF:")
	switch {
	case timed:
		seconds, err := strconv.ParseFloat(strings.SplitN(length, ",", 2)[0], 64)
		if err != nil {
			return fmt.Errorf("a segment of %q seconds", length)
		}
		p.Seconds += seconds
	case line == "#EXT-X-ENDLIST":
		p.Ended = true
	case strings.HasPrefix(line, "#") && has:
		return appendResolved(&p.TagURIs, strings.SplitN(attribute, `"`, 2)[0], base)
	case line != "" && !strings.HasPrefix(line, "#"):
		return appendResolved(&p.URIs, line, base)
	}
	return nil
}

// appendResolved resolves a URI against base (RFC 8216, section 4.1) and appends it to list.
func appendResolved(list *[]string, text string, base *url.URL) error {
	uri, err := base.Parse(text)
	if err != nil {
		return fmt.Errorf("%q, which is no URI", text)
	}
	*list = append(*list, uri.String())
	return nil
}

// FetchBody returns the body at a URL and the URL after redirects. It fails for an empty body and for any status but
// 200.
func FetchBody(ctx context.Context, h *http.Client, at string) (string, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", nil, err
	}
	res, err := h.Do(req)
	if err != nil {
		var where *url.Error // its URL may be signed, after a redirect
		if errors.As(err, &where) {
			err = where.Err
		}
		return "", nil, fmt.Errorf("%s: %w", at, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxSegmentBytes))
	switch {
	case err != nil:
		return "", nil, fmt.Errorf("%s: %w", at, err)
	case res.StatusCode != http.StatusOK:
		return "", nil, fmt.Errorf("%s answered %s", at, res.Status)
	case len(text) == 0:
		return "", nil, fmt.Errorf("%s is empty", at)
	}
	return string(text), res.Request.URL, nil
}
