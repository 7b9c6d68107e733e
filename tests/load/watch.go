package main

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"sluice/tests/client"
)

// crowd is what is known of all videos while they are under way.
type crowd struct {
	run string // begins the titles of all videos of this run

	mu     sync.Mutex
	orders []order
	sent   map[string]upload // by title
	states map[string]string // by id
	titles map[string]string // by id
}

// upload is what became of sending a video.
type upload struct {
	id  string
	err error
}

func newCrowd(run string, orders map[string][]order, names []string) *crowd {
	c := &crowd{run: run, sent: map[string]upload{}, states: map[string]string{}, titles: map[string]string{}}
	for _, name := range names {
		c.orders = append(c.orders, orders[name]...)
	}
	return c
}

// note keeps that a video was sent, or could not be.
func (c *crowd) note(title string, u upload) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[title] = u
}

// see keeps the states of a tenant's videos, by their list, newest first; it reads on while there are some of this run.
func (c *crowd) see(ctx context.Context, tenant *client.Client) error {
	for cursor := ""; ; {
		page, next, err := tenant.Videos(ctx, cursor)
		if err != nil {
			return err
		}
		if !c.add(page) || next == "" {
			return nil
		}
		cursor = next
	}
}

// add keeps the states of a page and reports whether one was of this run.
func (c *crowd) add(page []client.Video) (ours bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range page {
		if strings.HasPrefix(v.Title, c.run+" ") {
			ours, c.states[v.ID], c.titles[v.ID] = true, v.State, v.Title
		}
	}
	return ours
}

// follow looks at all tenants' videos again and again, until every one has come to an end.
func (c *crowd) follow(ctx context.Context, tenants map[string]*client.Client, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for _, tenant := range tenants {
			if err := c.see(ctx, tenant); err != nil {
				return err
			}
		}
		if c.over() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// over reports whether nothing more will happen.
func (c *crowd) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.orders {
		u, tried := c.sent[o.title]
		state := c.states[u.id]
		if !tried || u.err == nil && state != client.Ready && state != client.Failed {
			return false
		}
	}
	return true
}

// count is how far a tenant's videos are.
type count struct {
	tenant               string
	of, sent, ready, bad int
}

// counts returns one for each tenant, in their order.
func (c *crowd) counts() (all []count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.orders {
		if len(all) == 0 || all[len(all)-1].tenant != o.tenant {
			all = append(all, count{tenant: o.tenant})
		}
		n, u := &all[len(all)-1], c.sent[o.title]
		n.of++
		switch {
		case u.err != nil || c.states[u.id] == client.Failed:
			n.bad++
		case c.states[u.id] == client.Ready:
			n.ready++
		}
		if u.id != "" {
			n.sent++
		}
	}
	return all
}

// uploads returns what was sent so far, by title.
func (c *crowd) uploads() map[string]upload {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.sent)
}

// copies returns how many videos with the order's title, which no other has, are ready.
func (c *crowd) copies(o order) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, title := range c.titles {
		if title == o.title && c.states[id] == client.Ready {
			n++
		}
	}
	return n
}
