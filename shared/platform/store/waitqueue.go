package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

const waitQueuePrefix = "WAIT#"

var errQueuePosition = errors.New("a queue position needs a video and the time it was planned")

// queuePositionItem is one row for each video: a tenant may import any number of videos.
type queuePositionItem struct {
	table.Key
	Position string `dynamodbav:"turn"` // JSON
}

// waitQueueOf returns the prefix of the sort keys of the wait queue that belongs to an in-flight limit's key.
func waitQueueOf(k table.Key) string {
	return waitQueuePrefix + strings.TrimPrefix(k.SK, services.InFlightLimitRows+"#") + "#"
}

// queuePositionKey returns the key of a position in that wait queue; the zero Key if it has no video or no time. The
// keys sort in the order of the queue.
func queuePositionKey(k table.Key, p fairshare.QueuePosition) table.Key {
	if k == (table.Key{}) || p.Planned.IsZero() || item.NewKey(services.VideoRows, p.Video) == (table.Key{}) {
		return table.Key{}
	}
	return table.Key{PK: k.PK, SK: waitQueueOf(k) + item.FormatTimestamp(p.Planned) + "#" + p.Video}
}

func (i queuePositionItem) toQueuePosition(c *item.Codec) (p fairshare.QueuePosition) {
	c.DecodeJSON(i.Position, &p)
	return p
}

// EnqueuePosition puts a video into its tenant's wait queue of a lane. A repetition changes nothing. Invalid: the
// position has no video or no time.
func (s Store) EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, p fairshare.QueuePosition) error {
	const op = "store.EnqueuePosition"
	var c item.Codec
	i := queuePositionItem{Key: queuePositionKey(inFlightLimitKey(tenant, lane), p), Position: c.EncodeJSON(p)}
	if c.Err != nil || i.Key == (table.Key{}) {
		return errs.E(op, errs.Invalid, errQueuePosition)
	}
	return item.Put(ctx, s.Table, op, i, table.Condition{}, errs.Problem{})
}

// ListQueuePositions returns the positions of a tenant's wait queue after one position, or from the front if that is
// zero, in their order: at most limit of them, and fewer only if there are no more.
func (s Store) ListQueuePositions(
	ctx context.Context, tenant string, lane video.Lane, after fairshare.QueuePosition, limit int,
) (all []fairshare.QueuePosition, err error) {
	k := inFlightLimitKey(tenant, lane)
	if k == (table.Key{}) {
		return nil, nil
	}
	from := waitQueueOf(k)
	if last := queuePositionKey(k, after); last != (table.Key{}) {
		from = last.SK + "\x00" // the least sort key after last
	}
	q := table.Query{Partition: k.PK, From: from, To: waitQueueOf(k) + "~", Limit: limit}
	all, _, err = item.Query(ctx, s.Table, "store.ListQueuePositions", queuePositionItem.toQueuePosition, q)
	return all, err
}

// DequeuePositions removes positions from a tenant's wait queue. A repetition changes nothing. Invalid: a position
// has no video or no time.
func (s Store) DequeuePositions(
	ctx context.Context, tenant string, lane video.Lane, positions ...fairshare.QueuePosition,
) error {
	const op = "store.DequeuePositions"
	var keys []table.Key
	for _, p := range positions {
		k := queuePositionKey(inFlightLimitKey(tenant, lane), p)
		if k == (table.Key{}) {
			return errs.E(op, errs.Invalid, fmt.Errorf("%q: %w", p.Video, errQueuePosition))
		}
		if !slices.Contains(keys, k) { // DynamoDB rejects a call that names a row twice
			keys = append(keys, k)
		}
	}
	return item.Delete(ctx, s.Table, op, keys...)
}
