package store

import (
	"context"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// CreateTenant adds a tenant. Conflict, code tenant_exists: the tenant exists already.
func (s Store) CreateTenant(ctx context.Context, t access.Tenant) error {
	return item.Insert(ctx, s.Table, "store.CreateTenant", tenantExists,
		[]item.Keyed{tenantItem{Key: tenantKey(t.ID), Tenant: t.ID, Created: item.FormatTimestamp(t.Created)}})
}

// LoadTenant returns a tenant, or NotFound.
func (s Store) LoadTenant(ctx context.Context, id string) (access.Tenant, error) {
	return item.Get(ctx, s.Table, "store.LoadTenant", tenantKey(id), tenantMissing, tenantItem.toTenant)
}

// CreateToken adds a token. Conflict: its id exists already.
func (s Store) CreateToken(ctx context.Context, t access.Token) error {
	const op = "store.CreateToken"
	var c item.Codec
	i := tokenItem{
		Key: tokenKey(t.ID), Tenant: t.Tenant, ID: t.ID, Scopes: c.EncodeJSON(t.Scopes), Hash: t.SecretHash,
		Created: item.FormatTimestamp(t.Created), Until: item.FormatTimestamp(t.Expires),
	}
	if !t.Expires.IsZero() {
		i.Expires = t.Expires.Unix()
	}
	if c.Err != nil {
		return errs.E(op, errs.Invalid, c.Err)
	}
	return item.Insert(ctx, s.Table, op, tokenExists, []item.Keyed{i})
}

// LoadToken returns the token of an id, or NotFound. The caller checks the secret.
func (s Store) LoadToken(ctx context.Context, id string) (access.Token, error) {
	return item.Get(ctx, s.Table, "store.LoadToken", tokenKey(id), tokenMissing, tokenItem.toToken)
}

// DeleteToken deletes a token. It is no error if there is none; a repetition changes nothing.
func (s Store) DeleteToken(ctx context.Context, id string) error {
	k := tokenKey(id)
	if k == (table.Key{}) {
		return nil
	}
	return item.Delete(ctx, s.Table, "store.DeleteToken", k)
}
