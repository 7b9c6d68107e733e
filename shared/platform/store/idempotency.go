package store

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// idempotencyItem has no tenant attribute and nothing that an index of what tenants own could take up.
type idempotencyItem struct {
	key
	BodyHash  string `dynamodbav:"body"`
	Holder    string `dynamodbav:"holder"`
	Status    int    `dynamodbav:"status"`
	CreatedID string `dynamodbav:"made,omitempty"`
	Response  string `dynamodbav:"answer,omitempty"`
	Expires   int64  `dynamodbav:"expires"` // Unix seconds; DynamoDB removes the row some time after
}

func newIdempotencyItem(c video.IdempotencyRecord) idempotencyItem {
	return idempotencyItem{
		key: idempotencyRowKey(c), BodyHash: c.BodyHash, Holder: c.Holder, Status: c.Status, CreatedID: c.CreatedID, Response: c.Response,
		Expires: c.Expires.Unix(),
	}
}

// toRecord returns the claim without its name, which the row has only as a digest.
func (i idempotencyItem) toRecord() video.IdempotencyRecord {
	return video.IdempotencyRecord{
		BodyHash: i.BodyHash, Holder: i.Holder, Status: i.Status, CreatedID: i.CreatedID, Response: i.Response,
		Expires: time.Unix(i.Expires, 0).UTC(),
	}
}

// toNamedRecord returns the claim of a row with the name of another.
func (i idempotencyItem) toNamedRecord(like video.IdempotencyRecord) video.IdempotencyRecord {
	c := i.toRecord()
	c.Owner, c.Route, c.Key = like.Owner, like.Route, like.Key
	return c
}

// BeginIdempotency keeps c unless another claim of its name is valid at now, and returns the one that is kept. Which one it is,
// Holder tells: repeating the very same call changes nothing.
func (d Dynamo) BeginIdempotency(ctx context.Context, c video.IdempotencyRecord, now time.Time) (video.IdempotencyRecord, error) {
	const op = "store.Claim"
	i := newIdempotencyItem(c)
	put, err := d.buildPut(op, i)
	if err != nil {
		return video.IdempotencyRecord{}, err
	}
	_, err = d.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: put.TableName, Item: put.Item,
		ConditionExpression:                 aws.String("attribute_not_exists(pk) OR expires <= :now"),
		ExpressionAttributeValues:           map[string]types.AttributeValue{":now": numberValue(now.Unix())},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var taken *types.ConditionalCheckFailedException
	if errors.As(err, &taken) {
		err = attributevalue.UnmarshalMap(taken.Item, &i)
	}
	if err != nil {
		return video.IdempotencyRecord{}, wrapError(op, err, errs.Problem{})
	}
	return i.toNamedRecord(c), nil
}

// CompleteIdempotency replaces the claim of c's name and holder with c. Conflict: there is none, or another holder's.
func (d Dynamo) CompleteIdempotency(ctx context.Context, c video.IdempotencyRecord) error {
	const op = "store.Settle"
	put, err := d.buildIdempotencyPut(op, c)
	if err != nil {
		return err
	}
	return wrapError(op, d.putItem(ctx, put), idempotencyKeyLost)
}

// buildIdempotencyPut returns the write of a claim under the condition that its holder still has it.
func (d Dynamo) buildIdempotencyPut(op string, c video.IdempotencyRecord) (*types.Put, error) {
	put, err := d.buildPut(op, newIdempotencyItem(c))
	if err != nil {
		return nil, err
	}
	put.ConditionExpression = aws.String("holder = :holder")
	put.ExpressionAttributeValues = map[string]types.AttributeValue{":holder": stringValue(c.Holder)}
	return put, nil
}

// BeginIdempotency does as Dynamo's.
func (m *Memory) BeginIdempotency(ctx context.Context, c video.IdempotencyRecord, now time.Time) (video.IdempotencyRecord, error) {
	i := newIdempotencyItem(c)
	if err := checkRows(ctx, "store.Claim", i); err != nil {
		return video.IdempotencyRecord{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.rows[i.PK][i.SK].(idempotencyItem); ok && old.Expires > now.Unix() {
		return old.toNamedRecord(c), nil
	}
	m.putRow(i)
	return i.toNamedRecord(c), nil
}

// CompleteIdempotency does as Dynamo's.
func (m *Memory) CompleteIdempotency(ctx context.Context, c video.IdempotencyRecord) error {
	const op = "store.Settle"
	i := newIdempotencyItem(c)
	if err := checkRows(ctx, op, i); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.holdsIdempotency(i) {
		return idempotencyKeyLost.ToError(op, errs.Conflict, nil)
	}
	m.putRow(i)
	return nil
}

// holdsIdempotency reports whether a claim is its holder's. m is locked.
func (m *Memory) holdsIdempotency(i idempotencyItem) bool {
	old, ok := m.rows[i.PK][i.SK].(idempotencyItem)
	return ok && old.Holder == i.Holder
}

// CreateVideoIdempotently does as Dynamo's.
func (m *Memory) CreateVideoIdempotently(ctx context.Context, v video.Video, u video.Upload, c video.IdempotencyRecord) error {
	const op = "store.CreateOnce"
	rows, err := newVideoRows(v, u)
	if err != nil {
		return errs.E(op, errs.Invalid, err)
	}
	i := newIdempotencyItem(c)
	if err := checkRows(ctx, op, append(rows, i)...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.holdsIdempotency(i) || m.hasAnyRow(rows...) {
		return idempotencyKeyLost.ToError(op, errs.Conflict, nil)
	}
	for _, r := range append(rows, i) {
		m.putRow(r)
	}
	return nil
}
