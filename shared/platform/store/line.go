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

const waitPrefix = "WAIT#"

var errTurn = errors.New("a turn has a video and the moment it was planned at")

// waitItem is a row for each video, as a tenant may import any number of them.
type waitItem struct {
	key
	Turn string `dynamodbav:"turn"` // JSON
}

// line returns how the sort keys of a window's line begin.
func (k key) line() string {
	return waitPrefix + strings.TrimPrefix(k.SK, services.WindowRows+"#") + "#"
}

// wait returns the key of a turn's row, in the same partition as its window: they are in the order of the turns.
func (k key) wait(t video.Turn) key {
	if k == (key{}) || t.Planned.IsZero() || newKey(services.VideoRows, t.Video) == (key{}) {
		return key{}
	}
	return key{k.PK, k.line() + stamp(t.Planned) + "#" + t.Video}
}

func itemOfTurn(tenant string, lane video.Lane, t video.Turn) (waitItem, error) {
	var c codec
	return waitItem{key: windowKey(tenant, lane).wait(t), Turn: c.text(t)}, c.err
}

func turns(op string, items []waitItem) (all []video.Turn, err error) {
	for _, i := range items {
		var c codec
		var t video.Turn
		if c.parse(i.Turn, &t); c.err != nil {
			return nil, errs.E(op, errs.Internal, c.err)
		}
		all = append(all, t)
	}
	return all, nil
}

// Wait puts a video into its tenant's line. Repeating it changes nothing.
func (d Dynamo) Wait(ctx context.Context, tenant string, lane video.Lane, t video.Turn) error {
	const op = "store.Wait"
	i, err := itemOfTurn(tenant, lane, t)
	if err != nil || i.key == (key{}) {
		return errs.E(op, errs.Invalid, errTurn)
	}
	put, err := d.put(op, i)
	if err != nil {
		return err
	}
	return failure(op, d.putItem(ctx, put), errs.Problem{})
}

// Waiting returns the turns in a tenant's line that come after another, the first first: at most limit of them, and
// fewer only if there are no more.
func (d Dynamo) Waiting(ctx context.Context, tenant string, lane video.Lane, after video.Turn, limit int) ([]video.Turn, error) {
	const op = "store.Waiting"
	k := windowKey(tenant, lane)
	if k == (key{}) {
		return nil, nil
	}
	items, _, err := ask[waitItem](ctx, d, op, &dynamodb.QueryInput{
		TableName: &d.Table, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :after AND :end"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": text(k.PK), ":after": text(behind(k, after)), ":end": text(k.line() + "~")},
	})
	if err != nil {
		return nil, err
	}
	return turns(op, items)
}

// behind returns the least sort key that a turn after another may have.
func behind(k key, after video.Turn) string {
	if last := k.wait(after); last != (key{}) {
		return last.SK + "\x00"
	}
	return k.line()
}

// Leave takes turns out of a tenant's line. Repeating it changes nothing.
func (d Dynamo) Leave(ctx context.Context, tenant string, lane video.Lane, ts ...video.Turn) error {
	const op = "store.Leave"
	keys, err := waitKeys(op, tenant, lane, ts)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(keys, 25) { // as many as a call takes
		if err := d.delete(ctx, op, some); err != nil {
			return err
		}
	}
	return nil
}

// waitKeys returns the keys of turns, each once: DynamoDB refuses a call that names one twice.
func waitKeys(op, tenant string, lane video.Lane, ts []video.Turn) (keys []key, err error) {
	for _, t := range ts {
		k := windowKey(tenant, lane).wait(t)
		if k == (key{}) {
			return nil, errs.E(op, errs.Invalid, fmt.Errorf("%q: %w", t.Video, errTurn))
		}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// Wait does as Dynamo's.
func (m *Memory) Wait(ctx context.Context, tenant string, lane video.Lane, t video.Turn) error {
	const op = "store.Wait"
	i, err := itemOfTurn(tenant, lane, t)
	if err != nil || i.key == (key{}) {
		return errs.E(op, errs.Invalid, errTurn)
	}
	if err := check(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(i)
	return nil
}

// Waiting does as Dynamo's.
func (m *Memory) Waiting(ctx context.Context, tenant string, lane video.Lane, after video.Turn, limit int) ([]video.Turn, error) {
	const op = "store.Waiting"
	if err := failure(op, ctx.Err(), errs.Problem{}); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := windowKey(tenant, lane)
	items := withPrefix[waitItem](m, k, k.line())
	items = slices.DeleteFunc(items, func(i waitItem) bool { return i.SK < behind(k, after) })
	return turns(op, items[:min(len(items), limit)])
}

// Leave does as Dynamo's.
func (m *Memory) Leave(ctx context.Context, tenant string, lane video.Lane, ts ...video.Turn) error {
	const op = "store.Leave"
	keys, err := waitKeys(op, tenant, lane, ts)
	if err != nil {
		return err
	}
	if err := failure(op, ctx.Err(), errs.Problem{}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		maps.DeleteFunc(m.rows[k.PK], func(sk string, _ any) bool { return sk == k.SK })
	}
	return nil
}
