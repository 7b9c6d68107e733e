package main

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"sluice/tests/client"
)

// videoTracker follows the states of all videos of a burst.
type videoTracker struct {
	runID string // first word of the titles of all videos

	mu      sync.Mutex
	planned []plannedVideo
	sent    map[string]uploadResult // by title
	states  map[string]string       // by id
	titles  map[string]string       // by id
}

// uploadResult is the result of uploading a video.
type uploadResult struct {
	id  string
	err error
}

func newVideoTracker(run string, orders map[string][]plannedVideo, names []string) *videoTracker {
	t := &videoTracker{
		runID: run, sent: map[string]uploadResult{}, states: map[string]string{}, titles: map[string]string{},
	}
	for _, name := range names {
		t.planned = append(t.planned, orders[name]...)
	}
	return t
}

// recordUpload keeps the result of an upload.
func (t *videoTracker) recordUpload(title string, u uploadResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent[title] = u
}

// pollTenant keeps the states of a tenant's videos. It reads the list, newest first, as long as a page has videos of
// this burst.
func (t *videoTracker) pollTenant(ctx context.Context, tenant *client.Client) error {
	for cursor := ""; ; {
		page, next, err := tenant.ListVideos(ctx, cursor)
		if err != nil {
			return err
		}
		if !t.recordStates(page) || next == "" {
			return nil
		}
		cursor = next
	}
}

// recordStates keeps the states of a page and reports whether the page has videos of this burst.
func (t *videoTracker) recordStates(page []client.Video) (ours bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, v := range page {
		if strings.HasPrefix(v.Title, t.runID+" ") {
			ours, t.states[v.ID], t.titles[v.ID] = true, v.State, v.Title
		}
	}
	return ours
}

// pollUntilFinal polls all tenants until every video is final.
func (t *videoTracker) pollUntilFinal(
	ctx context.Context, tenants map[string]*client.Client, every time.Duration,
) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for _, tenant := range tenants {
			if err := t.pollTenant(ctx, tenant); err != nil {
				return err
			}
		}
		if t.isDone() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// isDone reports whether every video is final or could not be uploaded.
func (t *videoTracker) isDone() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.planned {
		u, tried := t.sent[p.title]
		state := t.states[u.id]
		if !tried || u.err == nil && state != client.Ready && state != client.Failed {
			return false
		}
	}
	return true
}

// tenantProgress counts a tenant's videos.
type tenantProgress struct {
	tenant                     string
	total, sent, ready, failed int
}

// countByTenant returns the counts of each tenant, in their order.
func (t *videoTracker) countByTenant() (all []tenantProgress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.planned {
		if len(all) == 0 || all[len(all)-1].tenant != p.tenant {
			all = append(all, tenantProgress{tenant: p.tenant})
		}
		progress, u := &all[len(all)-1], t.sent[p.title]
		progress.total++
		switch {
		case u.err != nil || t.states[u.id] == client.Failed:
			progress.failed++
		case t.states[u.id] == client.Ready:
			progress.ready++
		}
		if u.id != "" {
			progress.sent++
		}
	}
	return all
}

// uploadResults returns the results so far by title.
func (t *videoTracker) uploadResults() map[string]uploadResult {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.sent)
}

// countReady returns how many videos with the title of o are ready. A title is used once.
func (t *videoTracker) countReady(p plannedVideo) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, title := range t.titles {
		if title == p.title && t.states[id] == client.Ready {
			n++
		}
	}
	return n
}
