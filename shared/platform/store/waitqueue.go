package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

const waitQueuePrefix = "WAIT#"

var errQueuePosition = errors.New("a turn has a video and the moment it was planned at")

// queuePositionItem is a row for each video, as a tenant may import any number of them.
type queuePositionItem struct {
	key
	Position string `dynamodbav:"turn"` // JSON
}

// waitQueuePrefix returns how the sort keys of a window's line begin.
func (k key) waitQueuePrefix() string {
	return waitQueuePrefix + strings.TrimPrefix(k.SK, services.InFlightLimitRows+"#") + "#"
}

// queuePosition returns the key of a turn's row, in the same partition as its window: they are in the order of the turns.
func (k key) queuePosition(t video.QueuePosition) key {
	if k == (key{}) || t.Planned.IsZero() || newKey(services.VideoRows, t.Video) == (key{}) {
		return key{}
	}
	return key{k.PK, k.waitQueuePrefix() + formatTimestamp(t.Planned) + "#" + t.Video}
}

func newQueuePositionItem(tenant string, lane video.Lane, t video.QueuePosition) (queuePositionItem, error) {
	var c codec
	return queuePositionItem{key: inFlightLimitKey(tenant, lane).queuePosition(t), Position: c.encodeJSON(t)}, c.err
}

func decodeQueuePositions(op string, items []queuePositionItem) (all []video.QueuePosition, err error) {
	for _, i := range items {
		var c codec
		var t video.QueuePosition
		if c.decodeJSON(i.Position, &t); c.err != nil {
			return nil, errs.E(op, errs.Internal, c.err)
		}
		all = append(all, t)
	}
	return all, nil
}

// EnqueuePosition puts a video into its tenant's line. Repeating it changes nothing.
func (d Dynamo) EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, t video.QueuePosition) error {
	const op = "store.Wait"
	i, err := newQueuePositionItem(tenant, lane, t)
	if err != nil || i.key == (key{}) {
		return errs.E(op, errs.Invalid, errQueuePosition)
	}
	put, err := d.buildPut(op, i)
	if err != nil {
		return err
	}
	return wrapError(op, d.putItem(ctx, put), errs.Problem{})
}

// ListQueuePositions returns the turns in a tenant's line that come after another, the first first: at most limit of them, and
// fewer only if there are no more.
func (d Dynamo) ListQueuePositions(ctx context.Context, tenant string, lane video.Lane, after video.QueuePosition, limit int) ([]video.QueuePosition, error) {
	const op = "store.Waiting"
	k := inFlightLimitKey(tenant, lane)
	if k == (key{}) {
		return nil, nil
	}
	items, _, err := queryPage[queuePositionItem](ctx, d, op, &dynamodb.QueryInput{
		TableName: &d.Table, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :after AND :end"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": stringValue(k.PK), ":after": stringValue(minSortKeyAfter(k, after)), ":end": stringValue(k.waitQueuePrefix() + "~")},
	})
	if err != nil {
		return nil, err
	}
	return decodeQueuePositions(op, items)
}

// minSortKeyAfter returns the least sort key that a turn after another may have.
func minSortKeyAfter(k key, after video.QueuePosition) string {
	if last := k.queuePosition(after); last != (key{}) {
		return last.SK + "\x00"
	}
	return k.waitQueuePrefix()
}

// DequeuePositions takes turns out of a tenant's line. Repeating it changes nothing.
func (d Dynamo) DequeuePositions(ctx context.Context, tenant string, lane video.Lane, ts ...video.QueuePosition) error {
	const op = "store.Leave"
	keys, err := queuePositionKeys(op, tenant, lane, ts)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(keys, 25) { // as many as a call takes
		if err := d.deleteRows(ctx, op, some); err != nil {
			return err
		}
	}
	return nil
}

// queuePositionKeys returns the keys of turns, each once: DynamoDB refuses a call that names one twice.
func queuePositionKeys(op, tenant string, lane video.Lane, ts []video.QueuePosition) (keys []key, err error) {
	for _, t := range ts {
		k := inFlightLimitKey(tenant, lane).queuePosition(t)
		if k == (key{}) {
			return nil, errs.E(op, errs.Invalid, fmt.Errorf("%q: %w", t.Video, errQueuePosition))
		}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// EnqueuePosition does as Dynamo's.
func (m *Memory) EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, t video.QueuePosition) error {
	const op = "store.Wait"
	i, err := newQueuePositionItem(tenant, lane, t)
	if err != nil || i.key == (key{}) {
		return errs.E(op, errs.Invalid, errQueuePosition)
	}
	if err := checkRows(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.putRow(i)
	return nil
}

// ListQueuePositions does as Dynamo's.
func (m *Memory) ListQueuePositions(ctx context.Context, tenant string, lane video.Lane, after video.QueuePosition, limit int) ([]video.QueuePosition, error) {
	const op = "store.Waiting"
	if err := wrapError(op, ctx.Err(), errs.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := inFlightLimitKey(tenant, lane)
	items := selectRowsByPrefix[queuePositionItem](m, k, k.waitQueuePrefix())
	items = slices.DeleteFunc(items, func(i queuePositionItem) bool { return i.SK < minSortKeyAfter(k, after) })
	return decodeQueuePositions(op, items[:min(len(items), limit)])
}

// DequeuePositions does as Dynamo's.
func (m *Memory) DequeuePositions(ctx context.Context, tenant string, lane video.Lane, ts ...video.QueuePosition) error {
	const op = "store.Leave"
	keys, err := queuePositionKeys(op, tenant, lane, ts)
	if err != nil {
		return err
	}
	if err := wrapError(op, ctx.Err(), errs.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		maps.DeleteFunc(m.rows[k.PK], func(sk string, _ any) bool { return sk == k.SK })
	}
	return nil
}
