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
		return errs.E(op, errs.Invalid, err)
	}
	return m.insert(ctx, op, tokenExists, i)
}

// Token does as Dynamo's.
func (m *Memory) Token(ctx context.Context, id string) (video.Token, error) {
	return read(ctx, m, "store.Token", tokenKey(id), tokenMissing, tokenItem.token)
}

// DeleteToken does as Dynamo's.
func (m *Memory) DeleteToken(ctx context.Context, id string) error {
	if err := failure("store.DeleteToken", ctx.Err(), errs.Problem{}); err != nil {
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
		return errs.E(op, errs.Invalid, err)
	}
	return m.insert(ctx, op, uploadExists, rows...)
}

// Upload does as Dynamo's.
func (m *Memory) Upload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return read(ctx, m, "store.Upload", uploadKey(tenant, id), uploadMissing, uploadItem.upload)
}

// insert writes rows that are not there yet: all or none.
func (m *Memory) insert(ctx context.Context, op string, taken errs.Problem, rows ...row) error {
	if err := check(ctx, op, rows...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.has(rows...) {
		return taken.Refuse(op, errs.Conflict, nil)
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
			return errs.E(op, errs.Invalid, errKey)
		}
	}
	return failure(op, ctx.Err(), errs.Problem{})
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
func read[I, T any](ctx context.Context, m *Memory, op string, k key, missing errs.Problem, as func(I) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, failure(op, err, errs.Problem{})
	}
	m.mu.Lock()
	i, ok := m.rows[k.PK][k.SK].(I)
	m.mu.Unlock()
	if !ok {
		return none, missing.Refuse(op, errs.NotFound, nil)
	}
	v, err := as(i)
	if err != nil {
		return none, errs.E(op, errs.Internal, err)
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
