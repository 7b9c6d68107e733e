package store

import (
	"context"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// inFlightLimitItem has what a tenant has in flight in a lane. At 1,000 workers that are 2,000 tasks: of one video 11 kB, of 2,000
// videos 75 kB, where DynamoDB takes 400.
type inFlightLimitItem struct {
	Key
	Version      int64          `dynamodbav:"version"`
	Allotments   compressedText `dynamodbav:"shares,omitempty"` // JSON
	MoreWaiting  bool           `dynamodbav:"more"`
	LastProgress string         `dynamodbav:"moved,omitempty"`
}

// inFlightLimitKey returns the key of a tenant's window of a lane, which is one of ours.
func inFlightLimitKey(tenant string, lane video.Lane) Key {
	k := newKey(services.InFlightLimitRows, tenant)
	if k != (Key{}) {
		k.SK += "#" + string(lane)
	}
	return k
}

func newInFlightLimitItem(w video.InFlightLimit) (inFlightLimitItem, error) {
	var c codec
	i := inFlightLimitItem{Key: inFlightLimitKey(w.Tenant, w.Lane), Version: w.Version, MoreWaiting: w.MoreWaiting, LastProgress: formatTimestamp(w.LastProgress)}
	if len(w.Allotments) > 0 {
		i.Allotments = compressedText(c.encodeJSON(w.Allotments))
	}
	return i, c.err
}

func (i inFlightLimitItem) toInFlightLimit() (video.InFlightLimit, error) {
	var c codec
	w := video.InFlightLimit{Version: i.Version, MoreWaiting: i.MoreWaiting, LastProgress: c.parseTime(i.LastProgress)}
	w.Tenant = strings.TrimPrefix(i.PK, services.InFlightLimitRows+"#")
	w.Lane = video.Lane(strings.TrimPrefix(i.SK, services.InFlightLimitRows+"#"))
	c.decodeJSON(string(i.Allotments), &w.Allotments)
	return w, c.err
}

// LoadInFlightLimit returns the tasks that a tenant has in flight in a lane; an empty InFlightLimit if there is no row.
func (s Store) LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (video.InFlightLimit, error) {
	l, err := getRow(ctx, s, "store.LoadInFlightLimit", inFlightLimitKey(tenant, lane), errs.Problem{}, inFlightLimitItem.toInFlightLimit)
	if errs.KindOf(err) == errs.NotFound {
		return video.InFlightLimit{Tenant: tenant, Lane: lane}, nil
	}
	return l, err
}

// SaveInFlightLimit writes l if the row's version is l.Version-1; a missing row has version 0. Conflict, code
// window_stale: the row has another version, as after the same call.
func (s Store) SaveInFlightLimit(ctx context.Context, l video.InFlightLimit) error {
	const op = "store.SaveInFlightLimit"
	i, err := newInFlightLimitItem(l)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return s.putNextVersion(ctx, op, i, l.Version, inFlightLimitStale)
}
