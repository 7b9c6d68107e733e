package store

import (
	"context"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// inFlightLimitItem has the tasks that a tenant has in flight in a lane. 1,000 workers have 2,000 tasks in flight;
// the row then has 11 kB if they are of one video, and 75 kB if they are of 2,000. DynamoDB allows 400 kB.
type inFlightLimitItem struct {
	table.Key
	Version      int64               `dynamodbav:"version"`
	Allotments   item.CompressedText `dynamodbav:"shares,omitempty"` // JSON
	MoreWaiting  bool                `dynamodbav:"more"`
	FirstWaiting string              `dynamodbav:"first,omitempty"` // JSON
	LastProgress string              `dynamodbav:"moved,omitempty"`
}

// inFlightLimitKey returns the key of the in-flight limit of a tenant in a lane.
func inFlightLimitKey(tenant string, lane video.Lane) table.Key {
	k := item.NewKey(services.InFlightLimitRows, tenant)
	if k != (table.Key{}) {
		k.SK += "#" + string(lane)
	}
	return k
}

func (i inFlightLimitItem) toInFlightLimit(c *item.Codec) fairshare.InFlightLimit {
	l := fairshare.InFlightLimit{
		Version: i.Version, MoreWaiting: i.MoreWaiting, LastProgress: c.ParseTime(i.LastProgress),
	}
	l.Tenant = strings.TrimPrefix(i.PK, services.InFlightLimitRows+"#")
	l.Lane = video.Lane(strings.TrimPrefix(i.SK, services.InFlightLimitRows+"#"))
	c.DecodeJSON(string(i.Allotments), &l.Allotments)
	c.DecodeJSON(i.FirstWaiting, &l.FirstWaiting)
	return l
}

// LoadInFlightLimit returns the tasks that a tenant has in flight in a lane; an empty InFlightLimit if there is no row.
func (s Store) LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (fairshare.InFlightLimit, error) {
	l, err := item.Get(ctx, s.Table, "store.LoadInFlightLimit", inFlightLimitKey(tenant, lane), errs.Problem{},
		inFlightLimitItem.toInFlightLimit)
	if errs.KindOf(err) == errs.NotFound {
		return fairshare.InFlightLimit{Tenant: tenant, Lane: lane}, nil
	}
	return l, err
}

// SaveInFlightLimit writes l if the row's version is l.Version-1; a missing row has version 0. Conflict, code
// window_stale: the row has another version, as after the same call.
func (s Store) SaveInFlightLimit(ctx context.Context, l fairshare.InFlightLimit) error {
	const op = "store.SaveInFlightLimit"
	var c item.Codec
	i := inFlightLimitItem{
		Key: inFlightLimitKey(l.Tenant, l.Lane), Version: l.Version, MoreWaiting: l.MoreWaiting,
		LastProgress: item.FormatTimestamp(l.LastProgress),
	}
	if len(l.Allotments) > 0 {
		i.Allotments = item.CompressedText(c.EncodeJSON(l.Allotments))
	}
	if l.FirstWaiting != (fairshare.QueuePosition{}) {
		i.FirstWaiting = c.EncodeJSON(l.FirstWaiting)
	}
	if c.Err != nil {
		return errs.E(op, errs.Invalid, c.Err)
	}
	return item.PutNextVersion(ctx, s.Table, op, i, l.Version, inFlightLimitStale)
}
