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
)

const waitQueuePrefix = "WAIT#"

var errQueuePosition = errors.New("a queue position needs a video and the time it was planned")

// queuePositionItem is one row for each video: a tenant may import any number of videos.
type queuePositionItem struct {
	Key
	Position string `dynamodbav:"turn"` // JSON
}

// waitQueuePrefix returns the prefix of the sort keys of the wait queue that belongs to an in-flight limit's key.
func (k Key) waitQueuePrefix() string {
	return waitQueuePrefix + strings.TrimPrefix(k.SK, services.InFlightLimitRows+"#") + "#"
}

// queuePosition returns the key of a position in that wait queue; the zero Key if it has no video or no time. The
// keys sort in the order of the queue.
func (k Key) queuePosition(p fairshare.QueuePosition) Key {
	if k == (Key{}) || p.Planned.IsZero() || newKey(services.VideoRows, p.Video) == (Key{}) {
		return Key{}
	}
	return Key{k.PK, k.waitQueuePrefix() + formatTimestamp(p.Planned) + "#" + p.Video}
}

func (i queuePositionItem) toQueuePosition(c *codec) (p fairshare.QueuePosition) {
	c.decodeJSON(i.Position, &p)
	return p
}

// EnqueuePosition puts a video into its tenant's wait queue of a lane. A repetition changes nothing. Invalid: the
// position has no video or no time.
func (s Store) EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, p fairshare.QueuePosition) error {
	const op = "store.EnqueuePosition"
	var c codec
	i := queuePositionItem{Key: inFlightLimitKey(tenant, lane).queuePosition(p), Position: c.encodeJSON(p)}
	if c.err != nil || i.Key == (Key{}) {
		return errs.E(op, errs.Invalid, errQueuePosition)
	}
	return s.putRow(ctx, op, i, Condition{}, errs.Problem{})
}

// ListQueuePositions returns the positions of a tenant's wait queue after one position, or from the front if that is
// zero, in their order: at most limit of them, and fewer only if there are no more.
func (s Store) ListQueuePositions(ctx context.Context, tenant string, lane video.Lane, after fairshare.QueuePosition, limit int) (all []fairshare.QueuePosition, err error) {
	k := inFlightLimitKey(tenant, lane)
	if k == (Key{}) {
		return nil, nil
	}
	from := k.waitQueuePrefix()
	if last := k.queuePosition(after); last != (Key{}) {
		from = last.SK + "\x00" // the least sort key after last
	}
	q := Query{Partition: k.PK, From: from, To: k.waitQueuePrefix() + "~", Limit: limit}
	all, _, err = queryPage(ctx, s, "store.ListQueuePositions", queuePositionItem.toQueuePosition, q)
	return all, err
}

// DequeuePositions removes positions from a tenant's wait queue. A repetition changes nothing. Invalid: a position
// has no video or no time.
func (s Store) DequeuePositions(ctx context.Context, tenant string, lane video.Lane, positions ...fairshare.QueuePosition) error {
	const op = "store.DequeuePositions"
	var keys []Key
	for _, p := range positions {
		k := inFlightLimitKey(tenant, lane).queuePosition(p)
		if k == (Key{}) {
			return errs.E(op, errs.Invalid, fmt.Errorf("%q: %w", p.Video, errQueuePosition))
		}
		if !slices.Contains(keys, k) { // DynamoDB rejects a call that names a row twice
			keys = append(keys, k)
		}
	}
	return s.deleteRows(ctx, op, keys...)
}
