package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/shared/services"
	"sluice/shared/video"
)

// Memory keeps the same rows as Dynamo in memory, with the same answers; the zero value is empty and ready. It is for
// tests: it never forgets.
type Memory struct {
	mu   sync.Mutex
	rows map[string]map[string]any // by pk and sk: items, which share no memory with what callers hold
}

// PutTenant does as Dynamo's.
func (m *Memory) PutTenant(ctx context.Context, t video.Tenant) error {
	return m.insert(ctx, "store.PutTenant", tenantExists, itemOfTenant(t))
}

// Tenant does as Dynamo's.
func (m *Memory) Tenant(ctx context.Context, id string) (video.Tenant, error) {
	return read(ctx, m, "store.Tenant", tenantKey(id), tenantMissing, tenantItem.tenant)
}

// PutToken does as Dynamo's.
func (m *Memory) PutToken(ctx context.Context, t video.Token) error {
	const op = "store.PutToken"
	i, err := itemOfToken(t)
	if err != nil {
		return video.E(op, video.Invalid, err)
	}
	return m.insert(ctx, op, tokenExists, i)
}

// Token does as Dynamo's.
func (m *Memory) Token(ctx context.Context, id string) (video.Token, error) {
	return read(ctx, m, "store.Token", tokenKey(id), tokenMissing, tokenItem.token)
}

// DeleteToken does as Dynamo's.
func (m *Memory) DeleteToken(ctx context.Context, id string) error {
	if err := failure("store.DeleteToken", ctx.Err(), video.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, tokenKey(id).PK)
	return nil
}

// Create does as Dynamo's.
func (m *Memory) Create(ctx context.Context, v video.Video, u video.Upload) error {
	const op = "store.Create"
	rows, err := beginning(v, u)
	if err != nil {
		return video.E(op, video.Invalid, err)
	}
	return m.insert(ctx, op, uploadExists, rows...)
}

// Upload does as Dynamo's.
func (m *Memory) Upload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return read(ctx, m, "store.Upload", uploadKey(tenant, id), uploadMissing, uploadItem.upload)
}

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
		return video.E(op, video.Invalid, err)
	}
	if err := check(ctx, op, i); err != nil {
		return err
	}
	entry, err := itemOfEntry(i.key, why)
	if err != nil {
		return video.E(op, video.Invalid, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.rows[i.PK][i.SK].(videoItem)
	if !ok || old.Version != v.Version-1 {
		return versionStale.Refuse(op, video.Conflict, nil)
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
		return nil, video.E(op, video.Invalid, err)
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
		return nil, failure(op, err, video.Problem{})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return results(op, withPrefix[resultItem](m, videoKey(tenant, id), resultPrefix))
}

// List does as Dynamo's.
func (m *Memory) List(ctx context.Context, tenant string, f video.Filter, cursor string, limit int) (page []video.Video, next string, err error) {
	const op = "store.List"
	if err := failure(op, ctx.Err(), video.Problem{}); err != nil {
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
	if err := failure(op, ctx.Err(), video.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := videoKey(tenant, id)
	i, ok := m.rows[k.PK][k.SK].(videoItem)
	if s := video.State(i.State); !ok || s == video.Deleting || s == video.Deleted {
		return videoMissing.Refuse(op, video.NotFound, nil)
	}
	var c codec
	if i.aboutItem = c.about(tenant, a); c.err != nil {
		return video.E(op, video.Invalid, c.err)
	}
	m.put(i)
	return nil
}

// Timeline does as Dynamo's.
func (m *Memory) Timeline(ctx context.Context, tenant, id string) ([]video.Entry, error) {
	const op = "store.Timeline"
	if err := failure(op, ctx.Err(), video.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := videoKey(tenant, id)
	return timeline(op, withPrefix[entryItem](m, k, entryPrefix), withPrefix[resultItem](m, k, resultPrefix))
}

// Due does as Dynamo's.
func (m *Memory) Due(ctx context.Context, now time.Time, limit int) ([]video.Ref, error) {
	if err := failure("store.Due", ctx.Err(), video.Problem{}); err != nil {
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
	if err := failure(op, ctx.Err(), video.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.rows[k.PK], func(sk string, _ any) bool {
		return strings.HasPrefix(sk, donePrefix) || strings.HasPrefix(sk, resultPrefix)
	})
	return nil
}

// insert writes rows that are not there yet: all or none.
func (m *Memory) insert(ctx context.Context, op string, taken video.Problem, rows ...row) error {
	if err := check(ctx, op, rows...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.has(rows...) {
		return taken.Refuse(op, video.Conflict, nil)
	}
	for _, r := range rows {
		m.put(r)
	}
	return nil
}

// has reports whether one of the rows is there. m is locked.
func (m *Memory) has(rows ...row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return m.rows[r.row().PK][r.row().SK] != nil })
}

// check refuses rows without a key and work whose time is up.
func check(ctx context.Context, op string, rows ...row) error {
	for _, r := range rows {
		if r.row() == (key{}) {
			return video.E(op, video.Invalid, errKey)
		}
	}
	return failure(op, ctx.Err(), video.Problem{})
}

func (m *Memory) put(r row) {
	k := r.row()
	if m.rows == nil {
		m.rows = map[string]map[string]any{}
	}
	if m.rows[k.PK] == nil {
		m.rows[k.PK] = map[string]any{}
	}
	m.rows[k.PK][k.SK] = r
}

// read returns one row, an I, as a T.
func read[I, T any](ctx context.Context, m *Memory, op string, k key, missing video.Problem, as func(I) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, failure(op, err, video.Problem{})
	}
	m.mu.Lock()
	i, ok := m.rows[k.PK][k.SK].(I)
	m.mu.Unlock()
	if !ok {
		return none, missing.Refuse(op, video.NotFound, nil)
	}
	v, err := as(i)
	if err != nil {
		return none, video.E(op, video.Internal, err)
	}
	return v, nil
}

// withPrefix returns the rows of k's partition whose sort keys begin with prefix, in their order. m is locked.
func withPrefix[I any](m *Memory, k key, prefix string) []I {
	var all []I
	for _, sk := range slices.Sorted(maps.Keys(m.rows[k.PK])) {
		if strings.HasPrefix(sk, prefix) {
			all = append(all, m.rows[k.PK][sk].(I))
		}
	}
	return all
}
