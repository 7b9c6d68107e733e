// Package player fetches what a player fetches, over HTTP: playlists of HLS and what they name. It follows redirects, and
// URIs from where they lead. It refuses what is empty or no playlist, and keeps signed URLs, to which it may be sent, out
// of its errors.
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

const maxSegmentBytes = 64 << 20 // bytes of one segment: far above any that we make

// Playlist is a playlist as far as it must be known to fetch what it names (RFC 8216).
type Playlist struct {
	URIs    []string // of its lines, resolved: segments, or playlists; at least one
	TagURIs []string // in the URI attributes of its tags, resolved: init segments, or renditions
	Seconds float64  // of all segments
	Ended   bool     // nothing will be added
}

// FetchPlaylist fetches a playlist.
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

// parseLine takes one line.
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

// appendResolved adds a URI to a list (RFC 8216, section 4.1).
func appendResolved(list *[]string, text string, base *url.URL) error {
	uri, err := base.Parse(text)
	if err != nil {
		return fmt.Errorf("%q, which is no URI", text)
	}
	*list = append(*list, uri.String())
	return nil
}

// FetchBody returns what is at a URL, which must be something, and where it came from in the end.
func FetchBody(ctx context.Context, h *http.Client, at string) (string, *url.URL, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", nil, err
	}
	res, err := h.Do(req)
	if err != nil {
		var where *url.Error // which may name a signed URL that we were sent to
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
