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
	key
	Version      int64          `dynamodbav:"version"`
	Allotments   compressedText `dynamodbav:"shares,omitempty"` // JSON
	MoreWaiting  bool           `dynamodbav:"more"`
	LastProgress string         `dynamodbav:"moved,omitempty"`
}

// inFlightLimitKey returns the key of a tenant's window of a lane, which is one of ours.
func inFlightLimitKey(tenant string, lane video.Lane) key {
	k := newKey(services.InFlightLimitRows, tenant)
	if k != (key{}) {
		k.SK += "#" + string(lane)
	}
	return k
}

func newInFlightLimitItem(w video.InFlightLimit) (inFlightLimitItem, error) {
	var c codec
	i := inFlightLimitItem{key: inFlightLimitKey(w.Tenant, w.Lane), Version: w.Version, MoreWaiting: w.MoreWaiting, LastProgress: formatTimestamp(w.LastProgress)}
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

// LoadInFlightLimit returns what a tenant has in flight in a lane; an empty window if there is no row of it.
func (d Dynamo) LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (video.InFlightLimit, error) {
	w, err := getRow(ctx, d, "store.Window", inFlightLimitKey(tenant, lane), errs.Problem{}, inFlightLimitItem.toInFlightLimit)
	return allowMissingLimit(tenant, lane, w, err)
}

func allowMissingLimit(tenant string, lane video.Lane, w video.InFlightLimit, err error) (video.InFlightLimit, error) {
	if errs.KindOf(err) == errs.NotFound {
		return video.InFlightLimit{Tenant: tenant, Lane: lane}, nil
	}
	return w, err
}

// SaveInFlightLimit writes what a tenant has in flight, if the row's version is w.Version-1; that of a row that is not there
// is 0. Conflict: it is another one, as after the very same call.
func (d Dynamo) SaveInFlightLimit(ctx context.Context, w video.InFlightLimit) error {
	const op = "store.SaveWindow"
	i, err := newInFlightLimitItem(w)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	return d.putNextVersion(ctx, op, i, w.Version, inFlightLimitStale)
}

// LoadInFlightLimit does as Dynamo's.
func (m *Memory) LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (video.InFlightLimit, error) {
	w, err := readRow(ctx, m, "store.Window", inFlightLimitKey(tenant, lane), errs.Problem{}, inFlightLimitItem.toInFlightLimit)
	return allowMissingLimit(tenant, lane, w, err)
}

// SaveInFlightLimit does as Dynamo's.
func (m *Memory) SaveInFlightLimit(ctx context.Context, w video.InFlightLimit) error {
	const op = "store.SaveWindow"
	i, err := newInFlightLimitItem(w)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	if err := checkRows(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.rows[i.PK][i.SK].(inFlightLimitItem); old.Version != w.Version-1 || ok != (w.Version != 1) {
		return inFlightLimitStale.ToError(op, errs.Conflict, nil)
	}
	m.putRow(i)
	return nil
}
