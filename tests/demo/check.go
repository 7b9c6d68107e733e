package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"sluice/tests/client"
)

const largest = 64 << 20 // bytes of one segment: far above any that we make

// check fetches what a player fetches first: the master playlist, one rendition's playlist, and the beginning of that.
// And it fetches the pages. It follows redirects, and URIs from where they lead, as players do.
func check(ctx context.Context, h *http.Client, p client.Playback) error {
	master, err := playlist(ctx, h, p.HLS)
	if err != nil {
		return fmt.Errorf("the master playlist can't be played: %w", err)
	}
	media, err := playlist(ctx, h, master[0])
	if err != nil {
		return fmt.Errorf("the playlist of a rendition can't be played: %w", err)
	}
	if _, _, err := get(ctx, h, media[0]); err != nil {
		return fmt.Errorf("a segment can't be played: %w", err)
	}
	if _, _, err := get(ctx, h, p.Watch); err != nil {
		return fmt.Errorf("the page can't be opened: %w", err)
	}
	if _, _, err := get(ctx, h, studio(p)); err != nil {
		return fmt.Errorf("the studio can't be opened: %w", err)
	}
	return nil
}

// studio returns the address of the page beside the one to watch on.
func studio(p client.Playback) string {
	base, _, _ := strings.Cut(p.Watch, "/watch/")
	return base + "/studio"
}

// playlist returns the URIs that an HLS playlist names, resolved (RFC 8216, section 4.1); at least one.
func playlist(ctx context.Context, h *http.Client, at string) ([]string, error) {
	text, base, err := get(ctx, h, at)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if lines[0] != "#EXTM3U" {
		return nil, fmt.Errorf("%s is no HLS playlist", at)
	}
	var found []string
	for _, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		uri, err := base.Parse(line)
		if err != nil {
			return nil, fmt.Errorf("%s names %q, which is no URI", at, line)
		}
		found = append(found, uri.String())
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s names nothing to play", at)
	}
	return found, nil
}

// get returns what is at a URL, which must be something, and where it came from in the end.
func get(ctx context.Context, h *http.Client, at string) (string, *url.URL, error) {
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
	text, err := io.ReadAll(io.LimitReader(res.Body, largest))
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
