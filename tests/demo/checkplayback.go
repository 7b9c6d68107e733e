package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"sluice/tests/client"
	"sluice/tests/player"
)

// checkPlayback fetches the master playlist, the playlist of one rendition, its first segment, the watch page and the
// studio.
func checkPlayback(ctx context.Context, h *http.Client, p client.Playback) error {
	master, err := player.FetchPlaylist(ctx, h, p.HLS)
	if err != nil {
		return fmt.Errorf("the master playlist can't be played: %w", err)
	}
	media, err := player.FetchPlaylist(ctx, h, master.URIs[0])
	if err != nil {
		return fmt.Errorf("the playlist of a rendition can't be played: %w", err)
	}
	if _, _, err := player.FetchBody(ctx, h, media.URIs[0]); err != nil {
		return fmt.Errorf("a segment can't be played: %w", err)
	}
	if _, _, err := player.FetchBody(ctx, h, p.WatchPage); err != nil {
		return fmt.Errorf("the page can't be opened: %w", err)
	}
	if _, _, err := player.FetchBody(ctx, h, studioURL(p)); err != nil {
		return fmt.Errorf("the studio can't be opened: %w", err)
	}
	return nil
}

// studioURL returns the URL of the studio, which is served beside the watch page.
func studioURL(p client.Playback) string {
	base, _, _ := strings.Cut(p.WatchPage, "/watch/")
	return base + "/studio"
}
