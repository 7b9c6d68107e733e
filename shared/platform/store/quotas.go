package store

import (
	"context"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/holding"
	"sluice/shared/domain/quota"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
	"sluice/shared/platform/store/usage"
)

// CheckQuota returns Exhausted, code quota_exceeded, if the tenant's limits don't allow a new video. CreateVideo checks
// that too, and exactly; CheckQuota is for what is to be done before.
func (s Store) CheckQuota(ctx context.Context, v video.Video) error {
	const op = "store.CheckQuota"
	a, err := usage.LoadAccount(ctx, s.Table, op, v.Tenant, v.Times.Created)
	if err != nil {
		return err
	}
	return a.CheckNew(holding.Of(v), v.Times.Created).ToError(op)
}

// LoadUsage returns a tenant's own limits and what it uses, with that of the day of the time to, and what was counted
// for it on each day from that of one time to that of another, in order; of days without counts nothing.
func (s Store) LoadUsage(ctx context.Context, tenant string, from, to time.Time) (quota.Account, []quota.Day, error) {
	return usage.LoadDays(ctx, s.Table, "store.LoadUsage", tenant, from, to)
}

// SaveLimits replaces the limits of a tenant; those that l lacks are the defaults. A repetition changes nothing.
// Invalid: the id of the tenant does not fit a key.
func (s Store) SaveLimits(ctx context.Context, tenant string, l quota.Limits) error {
	const op = "store.SaveLimits"
	if tenantKey(tenant) == (table.Key{}) {
		return errs.E(op, errs.Invalid, item.ErrInvalidID)
	}
	return usage.SaveLimits(ctx, s.Table, op, tenant, l)
}
