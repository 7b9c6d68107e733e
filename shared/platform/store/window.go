package store

import (
	"context"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// windowItem has what a tenant has in flight in a lane. At 1,000 workers that are 2,000 tasks: of one video 11 kB, of 2,000
// videos 75 kB, where DynamoDB takes 400.
type windowItem struct {
	key
	Version int64  `dynamodbav:"version"`
	Shares  packed `dynamodbav:"shares,omitempty"` // JSON
	More    bool   `dynamodbav:"more"`
	Moved   string `dynamodbav:"moved,omitempty"`
}

// windowKey returns the key of a tenant's window of a lane, which is one of ours.
func windowKey(tenant string, lane video.Lane) key {
	k := newKey(services.WindowRows, tenant)
	if k != (key{}) {
		k.SK += "#" + string(lane)
	}
	return k
}

func itemOfWindow(w video.Window) (windowItem, error) {
	var c codec
	i := windowItem{key: windowKey(w.Tenant, w.Lane), Version: w.Version, More: w.More, Moved: stamp(w.Moved)}
	if len(w.Shares) > 0 {
		i.Shares = packed(c.text(w.Shares))
	}
	return i, c.err
}

func (i windowItem) window() (video.Window, error) {
	var c codec
	w := video.Window{Version: i.Version, More: i.More, Moved: c.time(i.Moved)}
	w.Tenant = strings.TrimPrefix(i.PK, services.WindowRows+"#")
	w.Lane = video.Lane(strings.TrimPrefix(i.SK, services.WindowRows+"#"))
	c.parse(string(i.Shares), &w.Shares)
	return w, c.err
}

// Window returns what a tenant has in flight in a lane; an empty window if there is no row of it.
func (d Dynamo) Window(ctx context.Context, tenant string, lane video.Lane) (video.Window, error) {
	w, err := get(ctx, d, "store.Window", windowKey(tenant, lane), errs.Problem{}, windowItem.window)
	return windowOr(tenant, lane, w, err)
}

func windowOr(tenant string, lane video.Lane, w video.Window, err error) (video.Window, error) {
	if errs.KindOf(err) == errs.NotFound {
		return video.Window{Tenant: tenant, Lane: lane}, nil
	}
	return w, err
}

// SaveWindow writes what a tenant has in flight, if the row's version is w.Version-1; that of a row that is not there
// is 0. Conflict: it is another one, as after the very same call.
func (d Dynamo) SaveWindow(ctx context.Context, w video.Window) error {
	const op = "store.SaveWindow"
	i, err := itemOfWindow(w)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return d.replace(ctx, op, i, w.Version, windowStale)
}

// Window does as Dynamo's.
func (m *Memory) Window(ctx context.Context, tenant string, lane video.Lane) (video.Window, error) {
	w, err := read(ctx, m, "store.Window", windowKey(tenant, lane), errs.Problem{}, windowItem.window)
	return windowOr(tenant, lane, w, err)
}

// SaveWindow does as Dynamo's.
func (m *Memory) SaveWindow(ctx context.Context, w video.Window) error {
	const op = "store.SaveWindow"
	i, err := itemOfWindow(w)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	if err := check(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.rows[i.PK][i.SK].(windowItem); old.Version != w.Version-1 || ok != (w.Version != 1) {
		return windowStale.Refuse(op, errs.Conflict, nil)
	}
	m.put(i)
	return nil
}
