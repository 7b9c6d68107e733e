package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"sluice/tests/client"
	"sluice/tests/player"
)

// checkPlayback fetches what a player fetches first: the master playlist, one rendition's playlist, and the beginning of that.
// And it fetches the pages.
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

// studioURL returns the address of the page beside the one to watch on.
func studioURL(p client.Playback) string {
	base, _, _ := strings.Cut(p.WatchPage, "/watch/")
	return base + "/studio"
}
