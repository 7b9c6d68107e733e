package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

const waitQueuePrefix = "WAIT#"

var errQueuePosition = errors.New("a turn has a video and the moment it was planned at")

// queuePositionItem is a row for each video, as a tenant may import any number of them.
type queuePositionItem struct {
	Key
	Position string `dynamodbav:"turn"` // JSON
}

// waitQueuePrefix returns how the sort keys of a window's line begin.
func (k Key) waitQueuePrefix() string {
	return waitQueuePrefix + strings.TrimPrefix(k.SK, services.InFlightLimitRows+"#") + "#"
}

// queuePosition returns the key of a turn's row, in the same partition as its window: they are in the order of the turns.
func (k Key) queuePosition(t video.QueuePosition) Key {
	if k == (Key{}) || t.Planned.IsZero() || newKey(services.VideoRows, t.Video) == (Key{}) {
		return Key{}
	}
	return Key{k.PK, k.waitQueuePrefix() + formatTimestamp(t.Planned) + "#" + t.Video}
}

func newQueuePositionItem(tenant string, lane video.Lane, t video.QueuePosition) (queuePositionItem, error) {
	var c codec
	return queuePositionItem{Key: inFlightLimitKey(tenant, lane).queuePosition(t), Position: c.encodeJSON(t)}, c.err
}

// EnqueuePosition puts a video into its tenant's wait queue of a lane. A repetition changes nothing. Invalid: the
// position has no video or no time.
func (s Store) EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, p video.QueuePosition) error {
	const op = "store.EnqueuePosition"
	i, err := newQueuePositionItem(tenant, lane, p)
	if err != nil || i.Key == (Key{}) {
		return errs.E(op, errs.Invalid, errQueuePosition)
	}
	return s.putRow(ctx, op, i, Condition{}, errs.Problem{})
}

// ListQueuePositions returns the positions of a tenant's wait queue after one position, or from the front if that is
// zero, in their order: at most limit of them, and fewer only if there are no more.
func (s Store) ListQueuePositions(ctx context.Context, tenant string, lane video.Lane, after video.QueuePosition, limit int) (all []video.QueuePosition, err error) {
	const op = "store.ListQueuePositions"
	k := inFlightLimitKey(tenant, lane)
	if k == (Key{}) {
		return nil, nil
	}
	from := k.waitQueuePrefix()
	if last := k.queuePosition(after); last != (Key{}) {
		from = last.SK + "\x00" // the least sort key after last
	}
	items, _, err := queryPage[queuePositionItem](ctx, s, op, Query{Partition: k.PK, From: from, To: k.waitQueuePrefix() + "~", Limit: limit})
	for _, i := range items {
		var c codec
		var p video.QueuePosition
		if c.decodeJSON(i.Position, &p); c.err != nil {
			return nil, errs.E(op, errs.Internal, c.err)
		}
		all = append(all, p)
	}
	return all, err
}

// DequeuePositions removes positions from a tenant's wait queue. A repetition changes nothing. Invalid: a position has no
// video or no time.
func (s Store) DequeuePositions(ctx context.Context, tenant string, lane video.Lane, positions ...video.QueuePosition) error {
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
