package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// Memory keeps the same rows as Dynamo in memory, with the same answers; the zero value is empty and ready. It is for
// tests: it never forgets.
type Memory struct {
	mu   sync.Mutex
	rows map[string]map[string]any // by pk and sk: items, which share no memory with what callers hold
}

// CreateTenant does as Dynamo's.
func (m *Memory) CreateTenant(ctx context.Context, t video.Tenant) error {
	return m.insertRows(ctx, "store.PutTenant", tenantExists, newTenantItem(t))
}

// LoadTenant does as Dynamo's.
func (m *Memory) LoadTenant(ctx context.Context, id string) (video.Tenant, error) {
	return readRow(ctx, m, "store.Tenant", tenantKey(id), tenantMissing, tenantItem.toTenant)
}

// CreateToken does as Dynamo's.
func (m *Memory) CreateToken(ctx context.Context, t video.Token) error {
	const op = "store.PutToken"
	i, err := newTokenItem(t)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return m.insertRows(ctx, op, tokenExists, i)
}

// LoadToken does as Dynamo's.
func (m *Memory) LoadToken(ctx context.Context, id string) (video.Token, error) {
	return readRow(ctx, m, "store.Token", tokenKey(id), tokenMissing, tokenItem.toToken)
}

// DeleteToken does as Dynamo's.
func (m *Memory) DeleteToken(ctx context.Context, id string) error {
	if err := wrapError("store.DeleteToken", ctx.Err(), errs.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, tokenKey(id).PK)
	return nil
}

// CreateVideo does as Dynamo's.
func (m *Memory) CreateVideo(ctx context.Context, v video.Video, u video.Upload) error {
	const op = "store.Create"
	rows, err := newVideoRows(v, u)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return m.insertRows(ctx, op, uploadExists, rows...)
}

// LoadUpload does as Dynamo's.
func (m *Memory) LoadUpload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return readRow(ctx, m, "store.Upload", uploadKey(tenant, id), uploadMissing, uploadItem.toUpload)
}

// insertRows writes rows that are not there yet: all or none.
func (m *Memory) insertRows(ctx context.Context, op string, taken errs.Problem, rows ...row) error {
	if err := checkRows(ctx, op, rows...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hasAnyRow(rows...) {
		return taken.ToError(op, errs.Conflict, nil)
	}
	for _, r := range rows {
		m.putRow(r)
	}
	return nil
}

// hasAnyRow reports whether one of the rows is there. m is locked.
func (m *Memory) hasAnyRow(rows ...row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return m.rows[r.rowKey().PK][r.rowKey().SK] != nil })
}

// checkRows refuses rows without a key and work whose time is up.
func checkRows(ctx context.Context, op string, rows ...row) error {
	for _, r := range rows {
		if r.rowKey() == (key{}) {
			return errs.E(op, errs.Invalid, errInvalidID)
		}
	}
	return wrapError(op, ctx.Err(), errs.Problem{})
}

func (m *Memory) putRow(r row) {
	k := r.rowKey()
	if m.rows == nil {
		m.rows = map[string]map[string]any{}
	}
	if m.rows[k.PK] == nil {
		m.rows[k.PK] = map[string]any{}
	}
	m.rows[k.PK][k.SK] = r
}

// readRow returns one row, an I, as a T.
func readRow[I, T any](ctx context.Context, m *Memory, op string, k key, missing errs.Problem, as func(I) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, wrapError(op, err, errs.Problem{})
	}
	m.mu.Lock()
	i, ok := m.rows[k.PK][k.SK].(I)
	m.mu.Unlock()
	if !ok {
		return none, missing.ToError(op, errs.NotFound, nil)
	}
	v, err := as(i)
	if err != nil {
		return none, errs.E(op, errs.Internal, err)
	}
	return v, nil
}

// selectRowsByPrefix returns the rows of k's partition whose sort keys begin with prefix, in their order. m is locked.
func selectRowsByPrefix[I any](m *Memory, k key, prefix string) []I {
	var all []I
	for _, sk := range slices.Sorted(maps.Keys(m.rows[k.PK])) {
		if strings.HasPrefix(sk, prefix) {
			all = append(all, m.rows[k.PK][sk].(I))
		}
	}
	return all
}
