package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// Video does as Dynamo's.
func (m *Memory) Video(ctx context.Context, tenant, id string) (video.Video, error) {
	k := videoKey(tenant, id)
	v, err := read(ctx, m, "store.Video", k, videoMissing, videoItem.video)
	if err != nil {
		return video.Video{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v.Done = union(withPrefix[pageItem](m, k, donePrefix))
	return v, nil
}

// Save does as Dynamo's.
func (m *Memory) Save(ctx context.Context, v video.Video, why video.Entry) error {
	const op = "store.Save"
	i, err := itemOfVideo(v)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	if err := check(ctx, op, i); err != nil {
		return err
	}
	entry, err := itemOfEntry(i.key, why)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.rows[i.PK][i.SK].(videoItem)
	if !ok || old.Version != v.Version-1 {
		return versionStale.Refuse(op, errs.Conflict, nil)
	}
	i.aboutItem = old.aboutItem
	m.put(i)
	m.put(entry)
	return nil
}

// Finish does as Dynamo's.
func (m *Memory) Finish(ctx context.Context, tenant, id string, t video.TaskDone) (map[int]bool, error) {
	const op = "store.Finish"
	k, n := videoKey(tenant, id), t.Result.Task.Number
	if err := checkTask(op, k, n); err != nil {
		return nil, err
	}
	i, err := itemOfResult(k, t)
	if err != nil {
		return nil, errs.E(op, errs.Invalid, err)
	}
	if err := check(ctx, op, i); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(i)
	page, _ := m.rows[k.PK][k.page(n).SK].(pageItem)
	if page.key = k.page(n); !slices.Contains(page.Done, n) {
		page.Done = append(page.Done, n)
	}
	m.put(page)
	return union(withPrefix[pageItem](m, k, donePrefix)), nil
}

// Results does as Dynamo's.
func (m *Memory) Results(ctx context.Context, tenant, id string) ([]video.Result, error) {
	const op = "store.Results"
	if err := ctx.Err(); err != nil {
		return nil, failure(op, err, errs.Problem{})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return results(op, withPrefix[resultItem](m, videoKey(tenant, id), resultPrefix))
}

// List does as Dynamo's.
func (m *Memory) List(ctx context.Context, tenant string, f video.Filter, cursor string, limit int) (page []video.Video, next string, err error) {
	const op = "store.List"
	if err := failure(op, ctx.Err(), errs.Problem{}); err != nil {
		return nil, "", err
	}
	from, err := parseCursor(op, cursor)
	if err != nil {
		return nil, "", err
	}
	l := newList(tenant, f, limit)
	items := m.rowsOf(l, from)
	last, full, err := l.take(op, items)
	if !full {
		last = place{}
	}
	return l.page, last.cursor(), err
}

// rowsOf returns all rows of a list after a place, newest first.
func (m *Memory) rowsOf(l *list, after place) (items []videoItem) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, rows := range m.rows {
		i, ok := rows[services.VideoRows].(videoItem)
		in := map[string]string{"owner": i.Owner, "external": i.External}[l.attribute]
		if ok && i.Created != "" && in == l.partition && l.partition != "" && (after == place{} || newer(after, place{i.Created, i.ID}) < 0) {
			items = append(items, i)
		}
	}
	slices.SortFunc(items, func(a, b videoItem) int { return newer(place{a.Created, a.ID}, place{b.Created, b.ID}) })
	return items
}

func newer(a, b place) int { return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(b.id, a.id)) }

// Describe does as Dynamo's.
func (m *Memory) Describe(ctx context.Context, tenant, id string, a video.About) error {
	const op = "store.Describe"
	if err := failure(op, ctx.Err(), errs.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := videoKey(tenant, id)
	i, ok := m.rows[k.PK][k.SK].(videoItem)
	if s := video.State(i.State); !ok || s == video.Deleting || s == video.Deleted {
		return videoMissing.Refuse(op, errs.NotFound, nil)
	}
	var c codec
	if i.aboutItem = c.about(tenant, a); c.err != nil {
		return errs.E(op, errs.Invalid, c.err)
	}
	m.put(i)
	return nil
}

// Timeline does as Dynamo's.
func (m *Memory) Timeline(ctx context.Context, tenant, id string) ([]video.Entry, error) {
	const op = "store.Timeline"
	if err := failure(op, ctx.Err(), errs.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := videoKey(tenant, id)
	return timeline(op, withPrefix[entryItem](m, k, entryPrefix), withPrefix[resultItem](m, k, resultPrefix))
}

// Due does as Dynamo's.
func (m *Memory) Due(ctx context.Context, now time.Time, limit int) ([]video.Ref, error) {
	if err := failure("store.Due", ctx.Err(), errs.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []dueItem
	for pk, rows := range m.rows {
		if i, ok := rows[services.VideoRows].(videoItem); ok && i.DueShard != "" && i.Due <= stamp(now) {
			all = append(all, dueItem{pk, i.Due})
		}
	}
	return longestFirst(all, limit), nil
}

// Forget does as Dynamo's.
func (m *Memory) Forget(ctx context.Context, tenant, id string) error {
	const op = "store.Forget"
	k := videoKey(tenant, id)
	if err := checkTask(op, k, 0); err != nil {
		return err
	}
	if err := failure(op, ctx.Err(), errs.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.rows[k.PK], func(sk string, _ any) bool {
		return strings.HasPrefix(sk, donePrefix) || strings.HasPrefix(sk, resultPrefix)
	})
	return nil
}
