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
	c := &videoTracker{
		runID: run, sent: map[string]uploadResult{}, states: map[string]string{}, titles: map[string]string{},
	}
	for _, name := range names {
		c.planned = append(c.planned, orders[name]...)
	}
	return c
}

// recordUpload keeps the result of an upload.
func (c *videoTracker) recordUpload(title string, u uploadResult) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[title] = u
}

// pollTenant keeps the states of a tenant's videos. It reads the list, newest first, as long as a page has videos of
// this burst.
func (c *videoTracker) pollTenant(ctx context.Context, tenant *client.Client) error {
	for cursor := ""; ; {
		page, next, err := tenant.ListVideos(ctx, cursor)
		if err != nil {
			return err
		}
		if !c.recordStates(page) || next == "" {
			return nil
		}
		cursor = next
	}
}

// recordStates keeps the states of a page and reports whether the page has videos of this burst.
func (c *videoTracker) recordStates(page []client.Video) (ours bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range page {
		if strings.HasPrefix(v.Title, c.runID+" ") {
			ours, c.states[v.ID], c.titles[v.ID] = true, v.State, v.Title
		}
	}
	return ours
}

// pollUntilFinal polls all tenants until every video is final.
func (c *videoTracker) pollUntilFinal(
	ctx context.Context, tenants map[string]*client.Client, every time.Duration,
) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for _, tenant := range tenants {
			if err := c.pollTenant(ctx, tenant); err != nil {
				return err
			}
		}
		if c.isDone() {
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
func (c *videoTracker) isDone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.planned {
		u, tried := c.sent[o.title]
		state := c.states[u.id]
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
func (c *videoTracker) countByTenant() (all []tenantProgress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.planned {
		if len(all) == 0 || all[len(all)-1].tenant != o.tenant {
			all = append(all, tenantProgress{tenant: o.tenant})
		}
		n, u := &all[len(all)-1], c.sent[o.title]
		n.total++
		switch {
		case u.err != nil || c.states[u.id] == client.Failed:
			n.failed++
		case c.states[u.id] == client.Ready:
			n.ready++
		}
		if u.id != "" {
			n.sent++
		}
	}
	return all
}

// uploadResults returns the results so far by title.
func (c *videoTracker) uploadResults() map[string]uploadResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.sent)
}

// countReady returns how many videos with the title of o are ready. A title is used once.
func (c *videoTracker) countReady(o plannedVideo) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, title := range c.titles {
		if title == o.title && c.states[id] == client.Ready {
			n++
		}
	}
	return n
}
